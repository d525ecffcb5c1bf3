// SPDX-License-Identifier: Apache-2.0
#include "io/http.h"

#include <algorithm>

#include "base/text.h"

namespace sluice {
namespace {

bool IsLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string Percent(char c) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  return {'%', kHex[byte >> 4], kHex[byte & 15]};
}

}  // namespace

std::string HttpResponse::Header(const std::string& name) const {
  auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

std::string PercentEncode(std::string_view text, bool keep_slash) {
  std::string out;
  for (const char c : text) {
    const bool plain =
        IsLetterOrDigit(c) || c == '-' || c == '.' || c == '_' || c == '~' || (c == '/' && keep_slash);
    out += plain ? std::string(1, c) : Percent(c);
  }
  return out;
}

std::string FormEncode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = IsLetterOrDigit(c) || c == '-' || c == '.' || c == '_' || c == '*' || c == ' ';
    out += plain ? std::string(1, c == ' ' ? '+' : c) : Percent(c);
  }
  return out;
}

std::string FormDecode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = text[i] == '%' ? FromHex(text.substr(i + 1, 2)) : std::nullopt;
    if (byte && byte->size() == 1) {
      out += *byte;
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string EncodeQuery(const std::vector<std::pair<std::string, std::string>>& query) {
  std::vector<std::pair<std::string, std::string>> encoded;
  for (const auto& [name, value] : query) {
    encoded.emplace_back(PercentEncode(name, false), PercentEncode(value, false));
  }
  std::sort(encoded.begin(), encoded.end());
  std::string out;
  for (const auto& [name, value] : encoded) out += Str(out.empty() ? "" : "&", name, "=", value);
  return out;
}

}  // namespace sluice
