# oneDNN. Debian's own CMake package insists on the OpenCL headers, which findme has no use for.
find_path(ONEDNN_INCLUDE_DIR oneapi/dnnl/dnnl.hpp)
find_library(ONEDNN_LIBRARY dnnl)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OneDNN REQUIRED_VARS ONEDNN_INCLUDE_DIR ONEDNN_LIBRARY)

if(OneDNN_FOUND AND NOT TARGET OneDNN::dnnl)
  add_library(OneDNN::dnnl INTERFACE IMPORTED)
  set_target_properties(OneDNN::dnnl PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${ONEDNN_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES "${ONEDNN_LIBRARY}")
endif()
