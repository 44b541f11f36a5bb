# What `cmake --install` lays where. Nothing in it depends on the prefix: an installed tree can be
# moved. docs/impl/packaging.md tells why it is so.
include(GNUInstallDirs)

install(TARGETS kiln RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

# Programs that use Kiln as a library.
if(TARGET kiln_shared)
  install(TARGETS kiln_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
  file(RELATIVE_PATH KILN_PC_TO_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
  configure_file(${PROJECT_SOURCE_DIR}/packaging/kiln.pc.in ${CMAKE_BINARY_DIR}/share/kiln.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/share/kiln.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endif()

# DuckDB is nobody else's: a folder of our own, where src/sql/duckdb_api.cc looks.
set(private_dir ${CMAKE_INSTALL_LIBDIR}/kiln)
file(REAL_PATH ${KILN_DUCKDB_DIR}/libduckdb.so duckdb_library)
install(FILES ${duckdb_library} DESTINATION ${private_dir} RENAME libduckdb.so)
install(CODE "
  if(CMAKE_INSTALL_DO_STRIP)
    execute_process(COMMAND \"${CMAKE_STRIP}\" --strip-unneeded
      \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${private_dir}/libduckdb.so\" COMMAND_ERROR_IS_FATAL ANY)
  endif()")

# What the program tells of itself: made by running it, so that it stays true.
if(NOT CMAKE_CROSSCOMPILING)
  find_package(Python3 COMPONENTS Interpreter REQUIRED)
  set(share ${CMAKE_BINARY_DIR}/share)
  execute_process(COMMAND date -u -d @${KILN_SOURCE_TIME} +%Y-%m-%d
    OUTPUT_VARIABLE man_date OUTPUT_STRIP_TRAILING_WHITESPACE)
  add_custom_command(OUTPUT ${share}/done
    COMMAND ${CMAKE_COMMAND} -E rm -rf ${share}/man1 ${share}/completions
    COMMAND ${CMAKE_COMMAND} -E make_directory ${share}/man1 ${share}/completions
    COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/man_pages.py
      $<TARGET_FILE:kiln> ${share}/man1 ${man_date}
    COMMAND gzip -9n -r ${share}/man1
    COMMAND $<TARGET_FILE:kiln> completion bash > ${share}/completions/bash
    COMMAND $<TARGET_FILE:kiln> completion zsh > ${share}/completions/zsh
    COMMAND $<TARGET_FILE:kiln> completion fish > ${share}/completions/fish
    COMMAND ${CMAKE_COMMAND} -E touch ${share}/done
    DEPENDS kiln ${PROJECT_SOURCE_DIR}/tools/man_pages.py
    COMMENT "Man pages and completions" VERBATIM)
  add_custom_target(kiln_share ALL DEPENDS ${share}/done)
  install(DIRECTORY ${share}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR})
  install(FILES ${share}/completions/bash RENAME kiln
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES ${share}/completions/zsh RENAME _kiln
    DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
  install(FILES ${share}/completions/fish RENAME kiln.fish
    DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()

install(FILES ${PROJECT_SOURCE_DIR}/packaging/kiln.service DESTINATION lib/systemd/system)
install(FILES README.md CHANGELOG.md LICENSE packaging/debian/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs examples DESTINATION ${CMAKE_INSTALL_DOCDIR})
