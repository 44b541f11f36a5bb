# Warnings, sanitizers and the fast tools that are used where they are present.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -DNDEBUG")  # at -O2 g++ keeps the scanner's loops of two rounds

add_library(kiln_flags INTERFACE)
target_compile_options(kiln_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -fno-omit-frame-pointer)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  # The oldest machine that the binary must run on; the scanner dispatches to more at run time.
  target_compile_options(kiln_flags INTERFACE -march=x86-64-v2)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these inside its own standard library once it has inlined enough.
  target_compile_options(kiln_flags INTERFACE -Wno-maybe-uninitialized -Wno-restrict
    -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds -Wno-dangling-pointer
    -Wno-free-nonheap-object)
  if(CMAKE_UNITY_BUILD)  # a file's anonymous namespace is then in an included file
    target_compile_options(kiln_flags INTERFACE -Wno-subobject-linkage)
  endif()
elseif(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # Unnamed structs in unions: every compiler has them.
  target_compile_options(kiln_flags INTERFACE -Wthread-safety -Wno-nested-anon-types)
endif()

if(KILN_SANITIZE)
  string(REPLACE ";" "," kiln_sanitizers "${KILN_SANITIZE}")
  add_compile_options(-fsanitize=${kiln_sanitizers} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${kiln_sanitizers})
endif()

find_program(KILN_CCACHE ccache)
if(KILN_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${KILN_CCACHE})
endif()
find_program(KILN_MOLD mold)
if(KILN_MOLD AND NOT KILN_SANITIZE)
  add_link_options(-fuse-ld=mold)
endif()
