# findme_unity(TARGET [ALONE FILE...]): where the build asks for it (CMAKE_UNITY_BUILD, as the sanitizers' presets do), the
# sources of a folder are compiled as one: most of the time goes into headers that each file reads anew. ALONE names those
# that cannot be, because a helper of theirs has the name of a neighbour's. A release keeps a file a unit, so that a missing
# include is found.
function(findme_unity target)
  cmake_parse_arguments(ARG "" "" "ALONE" ${ARGN})
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    cmake_path(GET source FILENAME file)
    file(RELATIVE_PATH folder "${PROJECT_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}/${source}")
    cmake_path(IS_ABSOLUTE source absolute)
    if(absolute)
      file(RELATIVE_PATH folder "${PROJECT_SOURCE_DIR}" "${source}")
    endif()
    cmake_path(GET folder PARENT_PATH folder)
    string(MAKE_C_IDENTIFIER "${folder}" group)
    if(file IN_LIST ARG_ALONE)
      set_property(SOURCE "${source}" PROPERTY SKIP_UNITY_BUILD_INCLUSION ON)
    elseif(file MATCHES "\\.cpp$")
      set_property(SOURCE "${source}" PROPERTY UNITY_GROUP "${group}")
    endif()
  endforeach()
  set_property(TARGET ${target} PROPERTY UNITY_BUILD_MODE GROUP)
endfunction()
