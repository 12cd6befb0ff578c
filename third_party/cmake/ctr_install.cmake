# `cmake --install`: the program, the libraries below it with their headers, and a CMake package.

include(CMakePackageConfigHelpers)
install(TARGETS ctrengine)
install(TARGETS ctr_options ctr_engine ctr_autograd ctr_ops ctr_io ctr_models EXPORT ctrengine
  FILE_SET HEADERS DESTINATION include/ctrengine)
install(FILES engine/math_float.h DESTINATION include/ctrengine/engine)
install(EXPORT ctrengine NAMESPACE ctr:: DESTINATION lib/cmake/ctrengine FILE ctrengine-targets.cmake)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/ctrengine-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/ctrengine-config-version.cmake third_party/cmake/ctrengine-config.cmake
  third_party/cmake/FindoneDNN.cmake third_party/cmake/FindxxHash.cmake DESTINATION lib/cmake/ctrengine)
