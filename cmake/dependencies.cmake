# SPDX-License-Identifier: Apache-2.0
# The only file that names third parties: each becomes one target sluice::<name>.
# A new dependency needs a paragraph in docs/adr/ and a line in scripts/setup.
include_guard(GLOBAL)

function(_sluice_alias name)  # ... the targets behind it
  add_library(sluice_dep_${name} INTERFACE)
  target_link_libraries(sluice_dep_${name} INTERFACE ${ARGN})
  add_library(sluice::${name} ALIAS sluice_dep_${name})
endfunction()

include(${CMAKE_CURRENT_LIST_DIR}/ArrowFromWheel.cmake)
_sluice_alias(arrow Arrow::arrow_shared)
_sluice_alias(parquet Parquet::parquet_shared Arrow::arrow_shared)

find_package(Threads REQUIRED)
_sluice_alias(threads Threads::Threads)

find_package(PkgConfig REQUIRED)
pkg_check_modules(mariadb REQUIRED IMPORTED_TARGET libmariadb)
_sluice_alias(mariadb PkgConfig::mariadb)
pkg_check_modules(libpq REQUIRED libpq)  # its headers are one source's: CMakeLists.txt
_sluice_alias(libpq ${libpq_LINK_LIBRARIES})
pkg_check_modules(sqlite REQUIRED IMPORTED_TARGET sqlite3)
_sluice_alias(sqlite PkgConfig::sqlite)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
_sluice_alias(zstd PkgConfig::zstd)
pkg_check_modules(pcre2 REQUIRED IMPORTED_TARGET libpcre2-8)
_sluice_alias(pcre2 PkgConfig::pcre2)

pkg_check_modules(curl REQUIRED IMPORTED_TARGET libcurl)
_sluice_alias(curl PkgConfig::curl)
pkg_check_modules(crypto REQUIRED IMPORTED_TARGET libcrypto)
_sluice_alias(crypto PkgConfig::crypto)
pkg_check_modules(expat REQUIRED IMPORTED_TARGET expat)
_sluice_alias(expat PkgConfig::expat)

find_package(ZLIB REQUIRED)
_sluice_alias(zlib ZLIB::ZLIB)

find_package(yaml-cpp REQUIRED)
if(TARGET yaml-cpp::yaml-cpp)
  _sluice_alias(yaml yaml-cpp::yaml-cpp)
else()
  _sluice_alias(yaml yaml-cpp)
endif()

find_package(CLI11 REQUIRED)
_sluice_alias(cli11 CLI11::CLI11)
find_package(nlohmann_json REQUIRED)
_sluice_alias(json nlohmann_json::nlohmann_json)
find_package(date REQUIRED)
_sluice_alias(date date::date date::date-tz)

find_package(GTest REQUIRED)
_sluice_alias(gtest GTest::gtest GTest::gtest_main ${CMAKE_DL_LIBS})
