# SPDX-License-Identifier: Apache-2.0
# Compiler, linker and launcher settings for our own code: target sluice_flags.
include_guard(GLOBAL)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
# CHECK is on in release, and so is assert: no -DNDEBUG.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")

include(CheckPIESupported)
check_pie_supported(LANGUAGES CXX)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

add_library(sluice_flags INTERFACE)
target_include_directories(sluice_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_definitions(sluice_flags INTERFACE SLUICE_VERSION="${PROJECT_VERSION}")
target_compile_options(sluice_flags INTERFACE -Wall -Wextra -Wshadow -Wno-missing-field-initializers
  -fno-omit-frame-pointer
  -fPIE)  # everything ends in a program, so -fPIE instead of CMake's -fPIC
if(SLUICE_WERROR)
  target_compile_options(sluice_flags INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 to 14 report these falsely in inlined library code (std::string, std::optional).
  target_compile_options(sluice_flags INTERFACE -Wno-restrict -Wno-error=maybe-uninitialized -Wno-error=array-bounds
                         -Wno-error=stringop-overflow -Wno-error=stringop-overread)
  if(CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
    target_compile_options(sluice_flags INTERFACE -Wno-error=dangling-reference)
  endif()
endif()

if(SLUICE_FUZZ)
  set(SLUICE_SANITIZE address,undefined)
  target_compile_options(sluice_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(SLUICE_SANITIZE)
  target_compile_options(sluice_flags INTERFACE -fsanitize=${SLUICE_SANITIZE} -fno-sanitize-recover=all -O1)
  target_link_options(sluice_flags INTERFACE -fsanitize=${SLUICE_SANITIZE})
else()
  target_compile_options(sluice_flags INTERFACE -fstack-protector-strong
    $<$<CONFIG:RelWithDebInfo,Release>:-U_FORTIFY_SOURCE> $<$<CONFIG:RelWithDebInfo,Release>:-D_FORTIFY_SOURCE=2>)
  target_link_options(sluice_flags INTERFACE -Wl,-z,relro -Wl,-z,now)
endif()
