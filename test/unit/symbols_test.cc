// SPDX-License-Identifier: Apache-2.0
// The OpenSSL inside the Arrow wheel stays private: libssl, libcurl and libmariadb must get the system's.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <link.h>
#include <parquet/types.h>

#include <cstring>
#include <string>
#include <vector>

namespace {

constexpr const char* kOpenSsl[] = {"EVP_EncryptInit_ex", "EVP_DigestInit_ex",   "RAND_bytes", "OPENSSL_init_crypto",
                                    "X509_verify_cert",   "CRYPTO_malloc",       "BIO_new",    "ERR_get_error",
                                    "EVP_MD_CTX_new",     "OPENSSL_cleanup",     "BN_new",     "ASN1_STRING_free"};

int AddArrowLibrary(dl_phdr_info* info, size_t, void* out) {
  auto* paths = static_cast<std::vector<std::string>*>(out);
  for (const char* name : {"/libparquet.so", "/libarrow.so", "/libarrow_compute.so"}) {
    if (std::strstr(info->dlpi_name, name) != nullptr) paths->push_back(info->dlpi_name);
  }
  return 0;
}

std::vector<std::string> LoadedArrowLibraries() {
  std::vector<std::string> paths;
  ::dl_iterate_phdr(AddArrowLibrary, &paths);
  return paths;
}

std::string LibraryOf(const void* address) {
  Dl_info info{};
  return ::dladdr(address, &info) != 0 && info.dli_fname != nullptr ? info.dli_fname : "";
}

TEST(Symbols, ParquetIsLoaded) {
  EXPECT_EQ(parquet::TypeToString(parquet::Type::INT64), "INT64");
  EXPECT_GE(LoadedArrowLibraries().size(), 2u);
}

TEST(Symbols, ArrowExportsNoOpenSsl) {
  for (const std::string& path : LoadedArrowLibraries()) {
    void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD);
    ASSERT_NE(library, nullptr) << path;
    for (const char* name : kOpenSsl) {
      void* symbol = ::dlsym(library, name);  // searches its dependencies too, which may be the system's
      EXPECT_FALSE(symbol != nullptr && LibraryOf(symbol) == path) << name << " leaks out of " << path;
    }
    ::dlclose(library);
  }
}

TEST(Symbols, TheProcessGetsTheSystemsOpenSsl) {
  void* crypto = ::dlopen("libcrypto.so.3", RTLD_NOW | RTLD_GLOBAL);
  if (crypto == nullptr) GTEST_SKIP() << "no system libcrypto.so.3";
  for (const char* name : kOpenSsl) {
    void* own = ::dlsym(crypto, name);
    ASSERT_NE(own, nullptr) << name;
    EXPECT_EQ(::dlsym(RTLD_DEFAULT, name), own) << name << " comes from " << LibraryOf(::dlsym(RTLD_DEFAULT, name));
    EXPECT_NE(LibraryOf(own).find("libcrypto"), std::string::npos) << name;
  }
}

}  // namespace
