# findme_embed_text(target file namespace function): generates `std::string_view NAMESPACE::FUNCTION()`, which returns
# the file's text, and adds it to the target. Runs again whenever the file changes.
function(findme_embed_text target file namespace function)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
  file(READ "${file}" text)
  set(generated "${CMAKE_CURRENT_BINARY_DIR}/${function}.cpp")
  file(CONFIGURE OUTPUT "${generated}" @ONLY CONTENT
"#include <string_view>

namespace @namespace@ {
std::string_view @function@();
std::string_view @function@() { return R\"embedded(@text@)embedded\"; }
}  // namespace @namespace@
")
  target_sources(${target} PRIVATE "${generated}")
endfunction()
