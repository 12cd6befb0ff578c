# Options that every target of the project shares.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

add_library(ctr_options INTERFACE)
target_include_directories(ctr_options INTERFACE
  $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}> $<INSTALL_INTERFACE:include/ctrengine>)
# Users of the installed libraries compile the same templates, so they get the same arithmetic.
target_compile_options(ctr_options INTERFACE
  -ffp-contract=off -fno-math-errno -fno-trapping-math
  $<$<NOT:$<STREQUAL:${CTR_ARCH},>>:-march=${CTR_ARCH}>
  $<BUILD_INTERFACE:-Wall;-Wextra;$<$<BOOL:${CTR_WERROR}>:-Werror>>)
target_compile_features(ctr_options INTERFACE cxx_std_20)
if(CTR_SANITIZE)
  list(JOIN CTR_SANITIZE "," sanitizers)
  target_compile_options(ctr_options INTERFACE -fsanitize=${sanitizers} -fno-sanitize-recover=all
    "$<$<BOOL:$<TARGET_PROPERTY:CTR_QUICK>>:-O0;-g0;-fno-sanitize=undefined>")
  target_link_options(ctr_options INTERFACE -fsanitize=${sanitizers})
endif()

if(CTR_FUZZ)
  target_compile_options(ctr_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# What holds no hot loop is compiled quickly under sanitizers: with checks of addresses alone, whose code is half that of
# all checks.
function(ctr_quick)
  set_target_properties(${ARGN} PROPERTIES CTR_QUICK ON)
endfunction()

# ctr_library(NAME SOURCES… LINK … [PRECOMPILE …]): one static library per folder. Each of its headers must compile alone:
# the target all_verify_interface_header_sets tells. Precompiled headers only save time: sources include what they use.
function(ctr_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;PRIVATE_LINK;PRECOMPILE" ${ARGN})
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
  list(FILTER headers EXCLUDE REGEX "/(cuda|onednn)/|launch_none.h|math_float.h")  # included by one file alone
  add_library(${name} STATIC ${arg_SOURCES})
  target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${headers})
  target_link_libraries(${name} PUBLIC ctr_options ${arg_LINK} PRIVATE ${arg_PRIVATE_LINK})
  target_precompile_headers(${name} PRIVATE ${arg_PRECOMPILE})
endfunction()
