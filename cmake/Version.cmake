# The commit that `kiln --version` names; "unknown" outside a git checkout.
find_package(Git QUIET)
set(KILN_COMMIT unknown)
if(GIT_FOUND)
  execute_process(COMMAND ${GIT_EXECUTABLE} rev-parse --short=12 HEAD
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} OUTPUT_VARIABLE commit
    OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE status ERROR_QUIET)
  if(status EQUAL 0)
    set(KILN_COMMIT ${commit})
  endif()
endif()

# When this source was made, for the packages and man pages, so that the same source makes the same:
# SOURCE_DATE_EPOCH, else the commit's time, else now.
set(KILN_SOURCE_TIME "$ENV{SOURCE_DATE_EPOCH}")
if(NOT KILN_SOURCE_TIME AND GIT_FOUND)
  execute_process(COMMAND ${GIT_EXECUTABLE} log -1 --format=%ct
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} OUTPUT_VARIABLE KILN_SOURCE_TIME
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT KILN_SOURCE_TIME)
  string(TIMESTAMP KILN_SOURCE_TIME "%s" UTC)
endif()
