# Inner loops compiled for one kind of processor each, and chosen at run time by what the processor has. Such a file includes
# nothing but other kernels and intrinsics (see jpeg_kernels.hpp for why).
function(findme_kernels target)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$" AND CMAKE_SIZEOF_VOID_P EQUAL 8)
    target_sources(${target} PRIVATE src/image/jpeg_kernels_avx2.cpp)
    set_source_files_properties(src/image/jpeg_kernels_avx2.cpp PROPERTIES COMPILE_OPTIONS "-mavx2;-mbmi2")
    set_property(SOURCE src/image/jpeg_kernels.cpp APPEND PROPERTY COMPILE_DEFINITIONS FINDME_HAS_AVX2_KERNELS)
  endif()
endfunction()
