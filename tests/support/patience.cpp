#include "support/patience.hpp"

#include <charconv>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace findme::testing {
namespace {

int read_factor() {
    const char* value = std::getenv("FINDME_TEST_PATIENCE");
    const std::string_view text = value != nullptr ? value : "";
    if (text.empty()) return 1;
    int factor = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), factor);
    if (error != std::errc() || end != text.data() + text.size() || factor < 1)
        throw std::runtime_error("FINDME_TEST_PATIENCE is a whole number of at least 1, not " +
                                 std::string(text));
    return factor;
}

}  // namespace

int patience_factor() {
    static const int factor = read_factor();
    return factor;
}

}  // namespace findme::testing
