#include "support/slow.hpp"

#include <cstdlib>
#include <string_view>

namespace findme::testing {

bool full_size() {
    const char* value = std::getenv("FINDME_SLOW");
    return value != nullptr && std::string_view(value) == "1";
}

}  // namespace findme::testing
