# Language level, warnings and sanitizers for our own targets; nothing here reaches a client of the library.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_library(findme_compiler INTERFACE)
target_compile_options(findme_compiler INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Wcast-qual -Wformat=2 -Wimplicit-fallthrough -Woverloaded-virtual
  $<$<BOOL:${FINDME_WARNINGS_AS_ERRORS}>:-Werror>
  -fstack-protector-strong -fno-omit-frame-pointer)
# Where GCC 12 inlines `"text" + std::string` at -O3 it sees an overlap that is not there (GCC bug 105651, mended in 13).
# Only where it optimises: clang-tidy reads the everyday build's options and refuses one that it does not know.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(findme_compiler INTERFACE $<$<NOT:$<CONFIG:Debug>>:-Wno-restrict>)
endif()
target_compile_definitions(findme_compiler INTERFACE
  _GLIBCXX_ASSERTIONS $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
target_link_options(findme_compiler INTERFACE -Wl,-z,relro -Wl,-z,now)
if(FINDME_SANITIZE)
  target_compile_options(findme_compiler INTERFACE "-fsanitize=${FINDME_SANITIZE}" -fno-sanitize-recover=all)
  # GCC sees uninitialised variables where its checks stand between two statements; a release is judged without them.
  target_compile_options(findme_compiler INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(findme_compiler INTERFACE "-fsanitize=${FINDME_SANITIZE}")
endif()
