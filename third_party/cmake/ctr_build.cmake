# Options that every target of the project shares.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

add_library(ctr_options INTERFACE)
target_include_directories(ctr_options INTERFACE ${CMAKE_CURRENT_SOURCE_DIR})
target_compile_options(ctr_options INTERFACE
  -Wall -Wextra -ffp-contract=off -fno-math-errno -fno-trapping-math
  $<$<NOT:$<STREQUAL:${CTR_ARCH},>>:-march=${CTR_ARCH}>
  $<$<BOOL:${CTR_WERROR}>:-Werror>)
target_compile_definitions(ctr_options INTERFACE CTR_ARCH="${CTR_ARCH}")
if(CTR_SANITIZE)
  list(JOIN CTR_SANITIZE "," sanitizers)
  target_compile_options(ctr_options INTERFACE -fsanitize=${sanitizers} -fno-sanitize-recover=all)
  target_link_options(ctr_options INTERFACE -fsanitize=${sanitizers})
endif()

# ctr_library(NAME SOURCES… LINK …): one static library per folder.
function(ctr_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC ctr_options ${arg_LINK} PRIVATE ${arg_PRIVATE_LINK})
endfunction()
