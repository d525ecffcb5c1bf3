// SPDX-License-Identifier: Apache-2.0
// Digests that signatures of requests are made of, as raw bytes. Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>

namespace sluice {

std::string Sha256(std::string_view bytes);                           // 32 bytes
std::string Md5(std::string_view bytes);                              // 16 bytes
std::string HmacSha256(std::string_view key, std::string_view text);  // 32 bytes
std::string HmacSha1(std::string_view key, std::string_view text);    // 20 bytes

}  // namespace sluice
