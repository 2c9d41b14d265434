# What `cmake --install` puts where: library, headers, CMake package, pkg-config file, model manifest and fetch script.
include(CMakePackageConfigHelpers)

install(TARGETS findme EXPORT findmeTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS ${FINDME_PARTS} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/findme)
install(DIRECTORY include/findme DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT findmeTargets NAMESPACE findme:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/findme)
configure_package_config_file(cmake/findmeConfig.cmake.in findmeConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/findme)
write_basic_package_version_file(findmeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
configure_file(cmake/findme.pc.in findme.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/findmeConfig.cmake" "${CMAKE_CURRENT_BINARY_DIR}/findmeConfigVersion.cmake"
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/findme)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/findme.pc" DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES models/manifest.yaml DESTINATION ${CMAKE_INSTALL_DATADIR}/findme)
install(PROGRAMS models/fetch_models.sh DESTINATION ${CMAKE_INSTALL_DATADIR}/findme)
