# SPDX-License-Identifier: Apache-2.0
# From folders to targets: sluice_library, sluice_connectors, sluice_program, sluice_unit_tests, sluice_ddl_tool,
# sluice_simulation, sluice_benchmarks, sluice_fuzz_targets.
# Sources are found by pattern, so a new file needs no line here.
include_guard(GLOBAL)

# All *.cc below a folder, without tests.
function(_sluice_sources folder result)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cc)
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  set(${result} ${sources} PARENT_SCOPE)
endfunction()

# _sluice_add(<target> <folder> <linked targets>... [EXCEPT <file>...])
function(_sluice_add target folder)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "EXCEPT")
  _sluice_sources(${folder} sources)
  foreach(file IN LISTS arg_EXCEPT)
    list(REMOVE_ITEM sources ${CMAKE_SOURCE_DIR}/${folder}/${file})
  endforeach()
  if(sources)
    add_library(${target} STATIC ${sources})
    target_link_libraries(${target} PUBLIC sluice_flags ${arg_UNPARSED_ARGUMENTS})
  else()  # headers only, or not written yet
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE sluice_flags ${arg_UNPARSED_ARGUMENTS})
  endif()
endfunction()

function(sluice_library name)
  _sluice_add(sluice_${name} src/${name} ${ARGN})
endfunction()

# One library per folder of src/connector/; SLUICE_CONNECTORS lists them.
function(sluice_connectors)
  file(GLOB folders CONFIGURE_DEPENDS LIST_DIRECTORIES true ${CMAKE_SOURCE_DIR}/src/connector/*)
  set(all)
  foreach(folder IN LISTS folders)
    if(IS_DIRECTORY ${folder})
      get_filename_component(name ${folder} NAME)
      _sluice_add(sluice_connector_${name} src/connector/${name} ${ARGN})
      list(APPEND all sluice_connector_${name})
    endif()
  endforeach()
  set(SLUICE_CONNECTORS ${all} PARENT_SCOPE)
endfunction()

# build/sluice; `cmake --install` puts the Arrow libraries beside it, found through $ORIGIN.
function(sluice_program)
  if(NOT EXISTS ${CMAKE_SOURCE_DIR}/src/cli/main.cc)
    return()
  endif()
  add_executable(sluice ${CMAKE_SOURCE_DIR}/src/cli/main.cc)
  target_link_libraries(sluice PRIVATE sluice_cli)
  # The same path before and after the install. One that the install changes ends with an empty folder, which means the
  # current one: whoever can write there would choose the libraries.
  set(path "$ORIGIN/../lib/sluice")
  get_property(libraries GLOBAL PROPERTY ARROW_RUNTIME_FILES)
  if(libraries)
    list(GET libraries 0 library)
    cmake_path(GET library PARENT_PATH folder)
    file(RELATIVE_PATH folder ${CMAKE_BINARY_DIR} ${folder})
    list(APPEND path "$ORIGIN/${folder}")
    set_target_properties(sluice PROPERTIES BUILD_WITH_INSTALL_RPATH ON)
  endif()
  set_target_properties(sluice PROPERTIES INSTALL_RPATH "${path}")
  install(TARGETS sluice)
  arrow_install_runtime(lib/sluice)
endfunction()

# build/unit_tests: every *_test.cc beside the sources and in test/unit.
function(sluice_unit_tests)
  file(GLOB_RECURSE tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/*_test.cc ${CMAKE_SOURCE_DIR}/test/unit/*.cc)
  if(NOT tests)
    return()
  endif()
  add_executable(unit_tests ${tests})
  target_link_libraries(unit_tests PRIVATE sluice_cli sluice::gtest)
  set_source_files_properties(${CMAKE_SOURCE_DIR}/test/unit/test_data.cc PROPERTIES
    COMPILE_DEFINITIONS SLUICE_TEST_DATA="${CMAKE_SOURCE_DIR}/test/data")
endfunction()

# build/ddl_tool, which test/ddl/follow_ddl.py drives.
function(sluice_ddl_tool)
  add_executable(ddl_tool ${CMAKE_SOURCE_DIR}/test/ddl/ddl_tool.cc)
  target_link_libraries(ddl_tool PRIVATE sluice_format)
endfunction()

# build/sluice_sim: the simulation of test/sim.
function(sluice_simulation)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/test/sim/*.cc)
  add_executable(sluice_sim ${sources})
  target_include_directories(sluice_sim PRIVATE ${CMAKE_SOURCE_DIR}/test)
  target_link_libraries(sluice_sim PRIVATE sluice_connector_iceberg sluice_runtime)
endfunction()

# build/<name> for each bench/<name>.cc, linked only on request: `scripts/build benchmarks`. `all` compiles them, so
# that a change of what they use is noticed.
function(sluice_benchmarks)
  add_custom_target(benchmarks)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bench/*.cc)
  foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME_WE)
    add_library(${name}_object OBJECT ${file})
    target_link_libraries(${name}_object PUBLIC sluice_cli)
    add_executable(${name} EXCLUDE_FROM_ALL)
    target_link_libraries(${name} PRIVATE ${name}_object)
    add_dependencies(benchmarks ${name})
  endforeach()
endfunction()

# One libFuzzer program per file of fuzz/.
function(sluice_fuzz_targets)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "SLUICE_FUZZ needs clang: -DCMAKE_CXX_COMPILER=clang++")
  endif()
  file(GLOB targets CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/fuzz/*.cc)
  foreach(file IN LISTS targets)
    get_filename_component(name ${file} NAME_WE)
    add_executable(${name} ${file})
    target_link_libraries(${name} PRIVATE sluice_cli)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  endforeach()
endfunction()
