#include "access/event_code.hpp"

#include <sodium.h>

#include <string_view>

#include "findme/event.hpp"

namespace findme {

std::string normalise_event_code(std::string_view code) {
    std::string normal;
    for (const char c : code) {
        if (static_cast<unsigned char>(c) <= ' ' || c == '-') continue;
        normal += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return normal;
}

}  // namespace findme

namespace findme::access {

std::string generate_event_code() {
    constexpr std::string_view kAlphabet = "3467ACDEFGHJKMNPQRTWXY9";
    constexpr int kLength = 8;
    std::string code;
    for (int i = 0; i < kLength; ++i) code += kAlphabet[randombytes_uniform(kAlphabet.size())];
    return code;
}

}  // namespace findme::access
