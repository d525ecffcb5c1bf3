// SPDX-License-Identifier: Apache-2.0
// For tests: a folder for each, and ASSERT_OK. Include gtest before it.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>

#include "io/env.h"

#define ASSERT_OK(expression)                                      \
  do {                                                             \
    auto&& assert_ok_ = (expression);                              \
    ASSERT_TRUE(assert_ok_.ok()) << assert_ok_.error().ToString(); \
  } while (false)

namespace sluice {

// Made empty, removed with all that is in it. In memory where there is such a folder: tests sync many files.
class TestFolder {
 public:
  TestFolder() : path_(Root() / ("sluice-test-" + PosixEnv().Uuid())) { std::filesystem::create_directories(path_); }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

  static std::filesystem::path Root() {
    return ::access("/dev/shm", W_OK) == 0 ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path();
  }

 private:
  const std::filesystem::path path_;
};

}  // namespace sluice
