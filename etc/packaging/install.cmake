# What is installed where, and the Debian package: cpack -G DEB.
# Included by the top CMakeLists.txt. In a build tree <build>/share/tocsin has the same shape as /usr/share/tocsin, so
# that programs find their data the same way (daemon/config/places.h).

set(TOCSIN_DATA_FOLDERS
  "rules/packs|rules" "etc/decoders|decoders" "rules/sigma/views|views" "responders/packs|playbooks" "etc/schema|schema")

file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/share/tocsin)
foreach(row ${TOCSIN_DATA_FOLDERS})
  string(REPLACE "|" ";" pair ${row})
  list(GET pair 0 source)
  list(GET pair 1 name)
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${source} ${CMAKE_BINARY_DIR}/share/tocsin/${name} SYMBOLIC)
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/${source}/ DESTINATION share/tocsin/${name} PATTERN "*.py" EXCLUDE)
endforeach()
file(CREATE_LINK ${CMAKE_SOURCE_DIR}/etc/tocsin.yaml ${CMAKE_BINARY_DIR}/share/tocsin/tocsin.yaml SYMBOLIC)

foreach(row "tocsin|bin" "tocsind|sbin" "tocsin-opener|lib/tocsin" "tocsin-responder|lib/tocsin" "tocsin-runner|lib/tocsin" "tocsin-sinkhole|lib/tocsin" "tocsin-evtx|lib/tocsin")
  string(REPLACE "|" ";" pair ${row})
  list(GET pair 0 program)
  list(GET pair 1 directory)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION ${directory})
  endif()
endforeach()

install(FILES ${CMAKE_SOURCE_DIR}/etc/tocsin.yaml DESTINATION share/tocsin)
install(FILES ${CMAKE_SOURCE_DIR}/etc/tocsin.yaml DESTINATION /etc/tocsin)
# Passwords of channels stand in it.
install(FILES ${CMAKE_SOURCE_DIR}/etc/responder.yaml DESTINATION /etc/tocsin PERMISSIONS OWNER_READ OWNER_WRITE)
install(FILES ${CMAKE_SOURCE_DIR}/etc/commands.yaml DESTINATION /etc/tocsin)
install(FILES ${CMAKE_SOURCE_DIR}/etc/systemd/tocsind.service ${CMAKE_SOURCE_DIR}/etc/systemd/tocsin-opener.service
  ${CMAKE_SOURCE_DIR}/etc/systemd/tocsin-opener.socket ${CMAKE_SOURCE_DIR}/etc/systemd/tocsin-responder.service
  ${CMAKE_SOURCE_DIR}/etc/systemd/tocsin-responder.socket ${CMAKE_SOURCE_DIR}/etc/systemd/tocsin-runner.service
  ${CMAKE_SOURCE_DIR}/etc/systemd/tocsin-sinkhole.service
  ${CMAKE_SOURCE_DIR}/etc/systemd/tocsin-runner.socket ${CMAKE_SOURCE_DIR}/etc/systemd/tocsin-rules@.service
  ${CMAKE_SOURCE_DIR}/etc/systemd/tocsin-rules@.timer DESTINATION /lib/systemd/system)
install(FILES ${CMAKE_SOURCE_DIR}/etc/systemd/sysusers.conf DESTINATION lib/sysusers.d RENAME tocsin.conf)
install(FILES ${CMAKE_SOURCE_DIR}/etc/systemd/tmpfiles.conf DESTINATION lib/tmpfiles.d RENAME tocsin.conf)
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION share/doc/tocsin RENAME copyright)

# The man page and the completion come from the program's own command table.
if(TARGET tocsin)
  set(pages ${CMAKE_BINARY_DIR}/pages)
  add_custom_command(OUTPUT ${pages}/tocsin.1.gz ${pages}/tocsin.bash
    COMMAND ${CMAKE_COMMAND} -E make_directory ${pages}
    COMMAND $<TARGET_FILE:tocsin> man > ${pages}/tocsin.1
    COMMAND gzip -9nf ${pages}/tocsin.1
    COMMAND $<TARGET_FILE:tocsin> completion bash > ${pages}/tocsin.bash
    DEPENDS tocsin VERBATIM)
  add_custom_target(tocsin_pages ALL DEPENDS ${pages}/tocsin.1.gz ${pages}/tocsin.bash)
  install(FILES ${pages}/tocsin.1.gz DESTINATION share/man/man1)
  install(FILES ${pages}/tocsin.bash DESTINATION share/bash-completion/completions RENAME tocsin)
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME tocsin)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "Tocsin maintainers <tocsin@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "security monitoring and incident response for Linux hosts")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "Tocsin watches a host's packets, logs and files, raises alerts that explain
 themselves, groups them into incidents, and runs response playbooks that can
 be rehearsed, approved and undone.")
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd, tzdata")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "nftables, auditd, openssh-client")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${CMAKE_SOURCE_DIR}/etc/packaging/debian/conffiles
  ${CMAKE_SOURCE_DIR}/etc/packaging/debian/postinst ${CMAKE_SOURCE_DIR}/etc/packaging/debian/prerm
  ${CMAKE_SOURCE_DIR}/etc/packaging/debian/postrm)
include(CPack)
