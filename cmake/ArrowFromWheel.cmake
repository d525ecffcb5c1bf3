# SPDX-License-Identifier: Apache-2.0
# Defines Arrow::arrow_shared and Parquet::parquet_shared, the names of Arrow's own CMake packages, and for each part
# in ARROW_EXTRA (compute, acero, dataset, s3) Arrow<Part>::arrow_<part>_shared. They come from
#   1. an installed Arrow, if it is new enough;
#   2. else the pinned pyarrow wheel, fetched once by pip: it carries all headers and shared libraries.
# A new wheel version: change the four ARROW_WHEEL_* lines.
include_guard(GLOBAL)
set(ARROW_PROVIDER auto CACHE STRING "Where Arrow C++ comes from: auto, system or wheel")
set_property(CACHE ARROW_PROVIDER PROPERTY STRINGS auto system wheel)
set(ARROW_EXTRA "" CACHE STRING "Further parts of Arrow: compute;acero;dataset;s3")
set(ARROW_DEPS_DIR ${CMAKE_SOURCE_DIR}/.deps CACHE PATH "Keeps the unpacked wheel across build folders")

set(ARROW_MIN_VERSION 24)  # bloom filters, C++20
set(ARROW_WHEEL_VERSION 26.0.1)
set(ARROW_WHEEL_SOVERSION 2600)
set(ARROW_WHEEL_SHA256_x86_64 39cb0f2418282c24bea6ceda77b03e5a8f0a5766b63a8bf194d4e2a2c423548c)
set(ARROW_WHEEL_SHA256_aarch64 22a96a225de107eb9acd1ad9a818198ca832df2a4c0952412f754a7ed2105a98)

# The CMake target of a part: s3 -> ArrowS3::arrow_s3_shared.
function(_arrow_part_target part result)
  string(SUBSTRING ${part} 0 1 first)
  string(SUBSTRING ${part} 1 -1 rest)
  string(TOUPPER ${first} first)
  set(${result} Arrow${first}${rest}::arrow_${part}_shared PARENT_SCOPE)
endfunction()

function(_arrow_use_installed found)
  set(${found} FALSE PARENT_SCOPE)
  find_package(Arrow CONFIG QUIET GLOBAL)
  find_package(Parquet CONFIG QUIET GLOBAL)
  if(NOT TARGET Arrow::arrow_shared OR NOT TARGET Parquet::parquet_shared
     OR Arrow_VERSION VERSION_LESS ARROW_MIN_VERSION)
    return()
  endif()
  foreach(part IN LISTS ARROW_EXTRA)
    _arrow_part_target(${part} target)
    string(REGEX REPLACE "::.*" "" package ${target})
    find_package(${package} CONFIG QUIET GLOBAL)
    if(NOT TARGET ${target})  # before Arrow 26 S3 was a part of libarrow
      add_library(${target} INTERFACE IMPORTED GLOBAL)
      target_link_libraries(${target} INTERFACE Arrow::arrow_shared)
    endif()
  endforeach()
  message(STATUS "Arrow ${Arrow_VERSION}: installed in ${Arrow_DIR}")
  set(${found} TRUE PARENT_SCOPE)
endfunction()

# Fetches, checks, unpacks and mends the wheel, once. `complete` is written last.
function(_arrow_fetch_wheel root arch)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  message(STATUS "Arrow ${ARROW_WHEEL_VERSION}: fetching the wheel into ${ARROW_DEPS_DIR}, once")
  file(REMOVE_RECURSE ${root})
  execute_process(COMMAND ${Python3_EXECUTABLE} -m pip --disable-pip-version-check download --quiet --no-deps
      --only-binary=:all: --implementation cp --python-version 3.11 --abi cp311 --platform manylinux_2_28_${arch}
      --dest ${root} pyarrow==${ARROW_WHEEL_VERSION} COMMAND_ERROR_IS_FATAL ANY)
  file(GLOB wheel ${root}/*.whl)
  file(SHA256 ${wheel} sum)
  if(NOT sum STREQUAL ARROW_WHEEL_SHA256_${arch})
    message(FATAL_ERROR "${wheel}: unexpected SHA-256 ${sum}")
  endif()
  file(ARCHIVE_EXTRACT INPUT ${wheel} DESTINATION ${root}
       PATTERNS "pyarrow/include/*" "pyarrow/libarrow*.so.*" "pyarrow/libparquet.so.*" "*/licenses/*")
  file(GLOB unused ${root}/pyarrow/libarrow_python* ${root}/pyarrow/libarrow_flight*
       ${root}/pyarrow/libarrow_substrait*)
  file(REMOVE ${wheel} ${unused})
  execute_process(COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/hide_symbols.py
      ${root}/pyarrow/libparquet.so.${ARROW_WHEEL_SOVERSION}
      ${root}/pyarrow/libarrow_compute.so.${ARROW_WHEEL_SOVERSION} COMMAND_ERROR_IS_FATAL ANY)
  file(TOUCH ${root}/complete)
endfunction()

function(_arrow_wheel_library root target name)  # ... the targets it links to
  set(soname lib${name}.so.${ARROW_WHEEL_SOVERSION})
  add_library(${target} SHARED IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES
    IMPORTED_LOCATION ${root}/pyarrow/${soname} IMPORTED_SONAME ${soname}
    INTERFACE_INCLUDE_DIRECTORIES ${root}/pyarrow/include INTERFACE_COMPILE_FEATURES cxx_std_20
    INTERFACE_LINK_LIBRARIES "${ARGN}")
  set_property(GLOBAL APPEND PROPERTY ARROW_RUNTIME_FILES ${root}/pyarrow/${soname})
endfunction()

function(_arrow_use_wheel)
  set(arch ${CMAKE_SYSTEM_PROCESSOR})
  if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux" OR NOT DEFINED ARROW_WHEEL_SHA256_${arch})
    message(FATAL_ERROR "The wheel is pinned for Linux on x86_64 and aarch64 only: install Arrow, then "
                        "-DARROW_PROVIDER=system")
  endif()
  set(root ${ARROW_DEPS_DIR}/arrow-${ARROW_WHEEL_VERSION}-${arch})
  if(NOT EXISTS ${root}/complete)
    file(MAKE_DIRECTORY ${ARROW_DEPS_DIR})
    file(LOCK ${ARROW_DEPS_DIR}/arrow.lock GUARD FUNCTION TIMEOUT 600)
    if(NOT EXISTS ${root}/complete)
      _arrow_fetch_wheel(${root} ${arch})
    endif()
  endif()
  _arrow_wheel_library(${root} Arrow::arrow_shared arrow)
  _arrow_wheel_library(${root} Parquet::parquet_shared parquet Arrow::arrow_shared)
  set(needs_compute Arrow::arrow_shared)
  set(needs_acero ArrowCompute::arrow_compute_shared)
  set(needs_dataset ArrowAcero::arrow_acero_shared Parquet::parquet_shared)
  set(needs_s3 Arrow::arrow_shared)
  foreach(part IN LISTS ARROW_EXTRA)
    _arrow_part_target(${part} target)
    _arrow_wheel_library(${root} ${target} arrow_${part} ${needs_${part}})
  endforeach()
  message(STATUS "Arrow ${ARROW_WHEEL_VERSION}: from the wheel in .deps")
endfunction()

# Copies the shared libraries in use on `cmake --install`; give the program a matching INSTALL_RPATH.
function(arrow_install_runtime destination)
  get_property(files GLOBAL PROPERTY ARROW_RUNTIME_FILES)
  if(files)
    install(FILES ${files} DESTINATION ${destination})
  endif()
endfunction()

set(arrow_installed FALSE)
if(NOT ARROW_PROVIDER STREQUAL "wheel")
  _arrow_use_installed(arrow_installed)
  if(NOT arrow_installed AND ARROW_PROVIDER STREQUAL "system")
    message(FATAL_ERROR "No installed Arrow and Parquet >= ${ARROW_MIN_VERSION}: set CMAKE_PREFIX_PATH, or "
                        "-DARROW_PROVIDER=wheel")
  endif()
endif()
if(NOT arrow_installed)
  _arrow_use_wheel()
endif()
