#pragma once

#include <cstdint>
#include <istream>
#include <span>
#include <streambuf>

namespace findme::face {

/// An input stream over borrowed bytes, for readers that insist on one.
class MemoryStream final : private std::streambuf, public std::istream {
  public:
    explicit MemoryStream(std::span<const std::uint8_t> bytes) : std::istream(this) {
        char* begin = const_cast<char*>(reinterpret_cast<const char*>(bytes.data()));
        setg(begin, begin, begin + bytes.size());
    }
};

}  // namespace findme::face
