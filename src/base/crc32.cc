// SPDX-License-Identifier: Apache-2.0
// Folding by PCLMULQDQ (Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ"), 64 bytes a step,
// or 128 where VPCLMULQDQ is; zlib for other processors. Zlib's own costs more than decoding the row.
#include "base/crc32.h"

#include <zlib.h>

#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace sluice {

namespace {

#if defined(__x86_64__)
#define SLUICE_PCLMUL __attribute__((target("pclmul,sse4.1")))
#define SLUICE_VPCLMUL __attribute__((target("vpclmulqdq,pclmul,avx2")))

// To fold over n bits: x^(n+32) and x^(n-32) mod P, reflected.
struct Keys {
  int64_t low, high;
};
constexpr Keys kOver1024{0x01e88ef372, 0x014a7fe880}, kOver512{0x0154442bd4, 0x01c6e41596};
constexpr Keys kOver384{0x003db1ecdc, 0x0174359406}, kOver256{0x00f1da05aa, 0x015a546366};
constexpr Keys kOver128{0x01751997d0, 0x00ccaa009e};

SLUICE_PCLMUL inline __m128i Load(const uint8_t* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }

SLUICE_PCLMUL inline __m128i Fold(__m128i value, Keys over, __m128i with) {
  const __m128i keys = _mm_set_epi64x(over.high, over.low);
  const __m128i low = _mm_clmulepi64_si128(value, keys, 0x00);
  const __m128i high = _mm_clmulepi64_si128(value, keys, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), with);
}

SLUICE_VPCLMUL inline __m256i Load256(const uint8_t* at) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}

SLUICE_VPCLMUL inline __m256i Fold256(__m256i value, __m256i with) {
  const __m256i keys = _mm256_set_epi64x(kOver1024.high, kOver1024.low, kOver1024.high, kOver1024.low);
  const __m256i low = _mm256_clmulepi64_epi128(value, keys, 0x00);
  const __m256i high = _mm256_clmulepi64_epi128(value, keys, 0x11);
  return _mm256_xor_si256(_mm256_xor_si256(low, high), with);
}

// The state after 128 bytes and as many more of `size` as are a multiple of 128, in 128 bytes at `state`: the last ones
// read, with all before folded into them. Returns how many bytes were read.
SLUICE_VPCLMUL size_t FoldWide(uint32_t crc, const uint8_t* at, size_t size, uint8_t* state) {
  const uint8_t* begin = at;
  const __m256i first = _mm256_set_epi64x(0, 0, 0, static_cast<int64_t>(crc));
  __m256i a = _mm256_xor_si256(Load256(at), first), b = Load256(at + 32), c = Load256(at + 64), d = Load256(at + 96);
  for (at += 128, size -= 128; size >= 128; at += 128, size -= 128) {
    a = Fold256(a, Load256(at));
    b = Fold256(b, Load256(at + 32));
    c = Fold256(c, Load256(at + 64));
    d = Fold256(d, Load256(at + 96));
  }
  _mm256_store_si256(reinterpret_cast<__m256i*>(state), a);
  _mm256_store_si256(reinterpret_cast<__m256i*>(state + 32), b);
  _mm256_store_si256(reinterpret_cast<__m256i*>(state + 64), c);
  _mm256_store_si256(reinterpret_cast<__m256i*>(state + 96), d);
  return static_cast<size_t>(at - begin);
}

// `size` is 1 to 15, and 16 bytes or more stand before `at`: those bytes into the state.
SLUICE_PCLMUL inline __m128i FoldTail(__m128i state, const uint8_t* at, size_t size) {
  alignas(16) static constexpr int8_t kShift[48] = {
      -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0,  1,  2,  3,  4,  5,  6,  7,
      8,  9,  10, 11, 12, 13, 14, 15, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
  const auto* shift = reinterpret_cast<const uint8_t*>(kShift);
  const __m128i rest = Load(shift + 16 + size);
  const __m128i last = _mm_blendv_epi8(_mm_shuffle_epi8(state, rest), Load(at + size - 16), rest);
  return Fold(_mm_shuffle_epi8(state, Load(shift + size)), kOver128, last);
}

// `size` is at least 16; `crc` and the result are not inverted.
SLUICE_PCLMUL uint32_t Folded(uint32_t crc, const uint8_t* at, size_t size, bool wide) {
  const __m128i k34 = _mm_set_epi64x(kOver128.high, kOver128.low);
  const __m128i k5 = _mm_set_epi64x(0, 0x0163cd6124);               // x^64
  const __m128i poly = _mm_set_epi64x(0x01f7011641, 0x01db710641);  // Barrett constant, P
  const __m128i low32 = _mm_setr_epi32(~0, 0, ~0, 0);
  __m128i a = _mm_xor_si128(Load(at), _mm_cvtsi32_si128(static_cast<int>(crc)));
  if (size >= 64) {
    __m128i b, c, d;
    if (wide && size >= 256) {
      alignas(32) uint8_t state[128];
      const size_t done = FoldWide(crc, at, size, state);
      a = Fold(Load(state), kOver512, Load(state + 64));
      b = Fold(Load(state + 16), kOver512, Load(state + 80));
      c = Fold(Load(state + 32), kOver512, Load(state + 96));
      d = Fold(Load(state + 48), kOver512, Load(state + 112));
      at += done;
      size -= done;
    } else {
      b = Load(at + 16), c = Load(at + 32), d = Load(at + 48);
      at += 64;
      size -= 64;
    }
    for (; size >= 64; at += 64, size -= 64) {
      a = Fold(a, kOver512, Load(at));
      b = Fold(b, kOver512, Load(at + 16));
      c = Fold(c, kOver512, Load(at + 32));
      d = Fold(d, kOver512, Load(at + 48));
    }
    a = Fold(a, kOver384, Fold(b, kOver256, Fold(c, kOver128, d)));
  } else {
    at += 16;
    size -= 16;
  }
  for (; size >= 16; at += 16, size -= 16) a = Fold(a, kOver128, Load(at));
  if (size > 0) a = FoldTail(a, at, size);
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
  static const bool wide = fast && __builtin_cpu_supports("vpclmulqdq") && __builtin_cpu_supports("avx2");
  if (fast && size >= 16) return ~Folded(~uint32_t{0}, at, size, wide);
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
