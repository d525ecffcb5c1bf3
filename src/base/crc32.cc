// SPDX-License-Identifier: Apache-2.0
// Folding by PCLMULQDQ (Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ"), 64 bytes a step;
// zlib for other processors. Zlib's own costs more than decoding the row.
#include "base/crc32.h"

#include <zlib.h>

#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace sluice {

namespace {

#if defined(__x86_64__)
__attribute__((target("pclmul,sse4.1"))) __m128i Fold(__m128i value, __m128i with, __m128i keys) {
  const __m128i low = _mm_clmulepi64_si128(value, keys, 0x00);
  const __m128i high = _mm_clmulepi64_si128(value, keys, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), with);
}

__attribute__((target("pclmul,sse4.1"))) __m128i Load(const uint8_t* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

// `size` is at least 16; `crc` and the result are not inverted.
__attribute__((target("pclmul,sse4.1"))) uint32_t Folded(uint32_t crc, const uint8_t* at, size_t size) {
  const __m128i k12 = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4);  // x^(4*128+32), x^(4*128-32) mod P, reflected
  const __m128i k34 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);  // x^(128+32), x^(128-32)
  const __m128i k5 = _mm_set_epi64x(0, 0x0163cd6124);              // x^64
  const __m128i poly = _mm_set_epi64x(0x01f7011641, 0x01db710641);  // Barrett constant, P
  const __m128i low32 = _mm_setr_epi32(~0, 0, ~0, 0);
  __m128i a = _mm_xor_si128(Load(at), _mm_cvtsi32_si128(static_cast<int>(crc)));
  at += 16;
  size -= 16;
  if (size >= 48) {
    __m128i b = Load(at), c = Load(at + 16), d = Load(at + 32);
    for (at += 48, size -= 48; size >= 64; at += 64, size -= 64) {
      a = Fold(a, Load(at), k12);
      b = Fold(b, Load(at + 16), k12);
      c = Fold(c, Load(at + 32), k12);
      d = Fold(d, Load(at + 48), k12);
    }
    a = Fold(a, b, k34);
    a = Fold(a, c, k34);
    a = Fold(a, d, k34);
  }
  for (; size >= 16; at += 16, size -= 16) a = Fold(a, Load(at), k34);
  if (size > 0) {  // 16 bytes in front of the last 16: zeros and the first `size` bytes of the state
    uint8_t window[48] = {};
    _mm_storeu_si128(reinterpret_cast<__m128i*>(window + 16), a);
    std::memcpy(window + 32, at, size);
    a = Fold(Load(window + size), Load(window + 16 + size), k34);
  }
  // 128 -> 64 bits.
  a = _mm_xor_si128(_mm_clmulepi64_si128(a, k34, 0x10), _mm_srli_si128(a, 8));
  __m128i rest = _mm_srli_si128(a, 4);
  a = _mm_xor_si128(_mm_clmulepi64_si128(_mm_and_si128(a, low32), k5, 0x00), rest);
  // Barrett: 64 -> 32 bits.
  rest = _mm_clmulepi64_si128(_mm_and_si128(a, low32), poly, 0x10);
  rest = _mm_clmulepi64_si128(_mm_and_si128(rest, low32), poly, 0x00);
  return static_cast<uint32_t>(_mm_extract_epi32(_mm_xor_si128(a, rest), 1));
}
#endif

}  // namespace

uint32_t Crc32(std::string_view bytes) {
  auto* at = reinterpret_cast<const uint8_t*>(bytes.data());
  size_t size = bytes.size();
#if defined(__x86_64__)
  static const bool fast = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
  if (fast && size >= 16) return ~Folded(~uint32_t{0}, at, size);
#endif
  return static_cast<uint32_t>(crc32_z(0, at, size));
}

void Seal(std::string& bytes, size_t at) {
  bytes.replace(at, kNoSeal.size(), kNoSeal);
  const uint32_t sum = Crc32(bytes);
  for (int shift = 28; shift >= 0; shift -= 4) bytes[at++] = "0123456789abcdef"[sum >> shift & 15];
}

Status CheckSeal(std::string_view bytes, size_t at) {
  if (at + kNoSeal.size() <= bytes.size()) {
    std::string sealed(bytes);
    Seal(sealed, at);
    if (sealed == bytes) return Ok();
  }
  return Corrupt("the file is not as it was written: its checksum differs");
}

}  // namespace sluice
