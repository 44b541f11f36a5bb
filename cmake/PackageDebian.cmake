# Read by cpack for each kind of package.
if(CPACK_GENERATOR STREQUAL "DEB")
  list(APPEND CPACK_INSTALL_CMAKE_PROJECTS ${CPACK_KILN_BUILD} kiln debian /)
endif()
