# A tarball and a Debian package of what cmake/Install.cmake lays; scripts/package makes both.
set(CPACK_PACKAGE_VENDOR "Kiln developers")
set(CPACK_PACKAGE_CONTACT "Kiln developers <kiln@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "SQL on FHIR: tables from FHIR resources")
set(CPACK_PACKAGE_DESCRIPTION "Kiln runs HL7's SQL on FHIR views over NDJSON files of any size, on the
command line and over HTTP, and exports them in the background as CSV,
NDJSON, JSON or Parquet.")
string(TOLOWER "kiln-${PROJECT_VERSION}-${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR}" CPACK_PACKAGE_FILE_NAME)
set(CPACK_GENERATOR TGZ DEB)
set(CPACK_STRIP_FILES ON)
set(CPACK_THREADS 0)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
  GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)  # stores over HTTPS
set(debian ${PROJECT_SOURCE_DIR}/packaging/debian)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${debian}/postinst ${debian}/prerm ${debian}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
if(TARGET kiln_shared)
  set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
  list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${debian}/triggers)
endif()

# Files of the Debian package alone: the component `debian`, which the tarball leaves out.
execute_process(COMMAND date -u -R -d @${KILN_SOURCE_TIME}
  OUTPUT_VARIABLE KILN_SOURCE_DATE OUTPUT_STRIP_TRAILING_WHITESPACE)
configure_file(${debian}/changelog.in ${CMAKE_BINARY_DIR}/debian/changelog @ONLY)
execute_process(COMMAND gzip -9nkf ${CMAKE_BINARY_DIR}/debian/changelog)
install(FILES ${CMAKE_BINARY_DIR}/debian/changelog.gz DESTINATION ${CMAKE_INSTALL_DOCDIR}
  COMPONENT debian EXCLUDE_FROM_ALL)
install(FILES ${debian}/lintian-overrides DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides
  RENAME kiln COMPONENT debian EXCLUDE_FROM_ALL)
set(CPACK_PROJECT_CONFIG_FILE ${PROJECT_SOURCE_DIR}/cmake/PackageDebian.cmake)
set(CPACK_KILN_BUILD ${CMAKE_BINARY_DIR})

include(CPack)
