# The rules of the house that a compiler does not check: -DROOT=…

cmake_minimum_required(VERSION 3.25)

# Arrows point one way: engine ← autograd ← ops ← models ← tools; io depends on engine alone.
set(not_engine "autograd|ops|models|io|tools")
set(not_autograd "ops|models|io|tools")
set(not_ops "models|io|tools")
set(not_io "autograd|ops|models|tools")
set(not_models "tools")
foreach(folder engine autograd ops io models)
  file(GLOB_RECURSE files ${ROOT}/${folder}/*.h ${ROOT}/${folder}/*.cc)
  foreach(file IN LISTS files)
    file(STRINGS ${file} wrong REGEX "#include \"(${not_${folder}})/")
    if(wrong)
      message(SEND_ERROR "${file}: ${folder} may not include: ${wrong}")
    endif()
  endforeach()
endforeach()

# Models see a batch and its schema, nothing else of io.
file(GLOB_RECURSE files ${ROOT}/models/*.h ${ROOT}/models/*.cc)
foreach(file IN LISTS files)
  file(STRINGS ${file} wrong REGEX "#include \"io/")
  list(FILTER wrong EXCLUDE REGEX "io/(batch|schema).h")
  if(wrong)
    message(SEND_ERROR "${file}: a model may include io/batch.h and io/schema.h alone: ${wrong}")
  endif()
endforeach()

# A name is one type: two headers that define it break the one-definition rule, which no linker tells.
file(GLOB_RECURSE files ${ROOT}/engine/*.h ${ROOT}/autograd/*.h ${ROOT}/ops/*.h ${ROOT}/io/*.h ${ROOT}/models/*.h
     ${ROOT}/tools/*.h)
foreach(file IN LISTS files)
  file(STRINGS ${file} types REGEX "^(struct|class) [A-Za-z0-9_]+( final)?( :.*)? {")
  foreach(type IN LISTS types)
    string(REGEX REPLACE "^(struct|class) ([A-Za-z0-9_]+).*" "\\2" name "${type}")
    if(DEFINED header_of_${name})
      message(SEND_ERROR "${file} and ${header_of_${name}} both define ${name}")
    endif()
    set(header_of_${name} ${file})
  endforeach()
endforeach()

file(GLOB_RECURSE files ${ROOT}/engine/*.* ${ROOT}/autograd/*.* ${ROOT}/ops/*.* ${ROOT}/io/*.* ${ROOT}/models/*.*
     ${ROOT}/tools/*.* ${ROOT}/tests/*.cc)
foreach(file IN LISTS files)
  file(STRINGS ${file} lines)
  list(LENGTH lines count)
  if(count GREATER 400)
    message(SEND_ERROR "${file} has ${count} lines, 400 at most")
  endif()
  # Vendors' headers stay in the two folders that wrap them.
  if(NOT file MATCHES "/engine/(cuda|onednn)/")
    file(STRINGS ${file} vendor REGEX "#include <(oneapi|dnnl|cublas|cudnn|cuda_runtime)")
    if(vendor)
      message(SEND_ERROR "${file} includes a vendor's header: ${vendor}")
    endif()
  endif()
  # What a header declares does not depend on how the library was built.
  if(file MATCHES "\\.h$")
    file(STRINGS ${file} flags REGEX "^#(if|ifdef|ifndef|elif).*CTR_(CUDA|ARCH|WERROR|SANITIZE|WITH|BUILD)")
    if(flags)
      message(SEND_ERROR "${file} depends on a build flag: ${flags}")
    endif()
  endif()
endforeach()
