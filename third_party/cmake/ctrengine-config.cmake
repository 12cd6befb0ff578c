# find_package(ctrengine): targets ctr::ctr_engine, ctr_autograd, ctr_ops, ctr_io, ctr_models.
include(CMakeFindDependencyMacro)
list(PREPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})
find_dependency(OpenMP COMPONENTS CXX)
find_dependency(fmt)
find_dependency(nlohmann_json)
find_dependency(oneDNN)
find_dependency(xxHash)
include(${CMAKE_CURRENT_LIST_DIR}/ctrengine-targets.cmake)
