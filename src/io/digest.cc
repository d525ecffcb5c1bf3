// SPDX-License-Identifier: Apache-2.0
#include "io/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/check.h"

namespace sluice {
namespace {

std::string Digest(const EVP_MD* kind, std::string_view bytes) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int count = 0;
  CHECK(EVP_Digest(bytes.data(), bytes.size(), out, &count, kind, nullptr) == 1);
  return std::string(reinterpret_cast<const char*>(out), count);
}

std::string Hmac(const EVP_MD* kind, std::string_view key, std::string_view text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int count = 0;
  const unsigned char* made = ::HMAC(kind, key.data(), static_cast<int>(key.size()),
                                     reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &count);
  CHECK(made != nullptr);
  return std::string(reinterpret_cast<const char*>(out), count);
}

}  // namespace

std::string Sha256(std::string_view bytes) { return Digest(EVP_sha256(), bytes); }
std::string Md5(std::string_view bytes) { return Digest(EVP_md5(), bytes); }
std::string HmacSha256(std::string_view key, std::string_view text) { return Hmac(EVP_sha256(), key, text); }
std::string HmacSha1(std::string_view key, std::string_view text) { return Hmac(EVP_sha1(), key, text); }

}  // namespace sluice
