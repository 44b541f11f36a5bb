# kiln_library(NAME [THREADS] [DEPENDS other...] [PRIVATE external...] [PUBLIC external...])
#
# DEPENDS is the one table of what a library may include: scripts/check_layers reads it.
#
# Builds src/NAME as the static library kiln_NAME from every .cc file below it, and its unit tests
# (the *_test.cc files beside the sources and testing/) as the program kiln_NAME_test. THREADS: the
# tests are worth a run under ThreadSanitizer, and get the label `threads` as well.
function(kiln_library name)
  cmake_parse_arguments(arg "THREADS" "" "DEPENDS;PRIVATE;PUBLIC" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$|/${name}/testing/|/main\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$|/${name}/testing/")

  set_property(GLOBAL APPEND PROPERTY KILN_LIBRARIES ${name})
  add_library(kiln_${name} STATIC ${sources})
  target_include_directories(kiln_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  list(TRANSFORM arg_DEPENDS PREPEND kiln_)
  target_link_libraries(kiln_${name}
    PUBLIC ${arg_DEPENDS} ${arg_PUBLIC} PRIVATE kiln_flags ${arg_PRIVATE})

  if(KILN_TESTS AND tests)
    set(labels unit)
    if(arg_THREADS)
      list(APPEND labels threads)
    endif()
    kiln_test(kiln_${name}_test LABELS ${labels} SOURCES ${tests}
      LIBRARIES kiln_${name} ${arg_PRIVATE})
  endif()
endfunction()

# kiln_test(NAME LABELS label... SOURCES file... LIBRARIES library...): a GoogleTest program, run as
# one ctest test; each case is counted by scripts/test from the XML report.
function(kiln_test name)
  cmake_parse_arguments(arg "" "" "LABELS;SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} GTest::gmock_main kiln_flags)
  target_precompile_headers(${name} PRIVATE <gmock/gmock.h> <gtest/gtest.h>)
  set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)  # each file has helpers of its own
  add_test(NAME ${name}
    COMMAND ${name} --gtest_output=xml:${CMAKE_BINARY_DIR}/reports/${name}.xml
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT 900)
endfunction()
