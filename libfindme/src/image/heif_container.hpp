#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "findme/result.hpp"
#include "image/bytes.hpp"

namespace findme::image {

/// A box's type: four characters, big-endian.
[[nodiscard]] constexpr std::uint32_t four_cc(std::string_view text) {
    std::uint32_t value = 0;
    for (const char c : text.substr(0, 4)) value = value << 8U | static_cast<unsigned char>(c);
    return value;
}
[[nodiscard]] std::string to_text(std::uint32_t four_cc);

struct HeifProperty {
    std::uint32_t type = 0;
    Bytes content;
};

/// One item: a coded picture, a derived one, or metadata.
struct HeifItem {
    std::uint32_t type = 0;
    std::vector<Bytes> extents;  ///< Where its bytes lie in the file, in order.
    std::size_t size_bytes = 0;  ///< Of all extents; never more than the file holds.
    std::vector<HeifProperty> properties;

    /// The first property of a type; empty where there is none.
    [[nodiscard]] Bytes property(std::uint32_t of_type) const;
    /// The extents as one.
    [[nodiscard]] std::vector<std::uint8_t> bytes() const;
};

struct HeifReference {
    std::uint32_t type = 0;
    std::uint32_t from = 0;
    std::vector<std::uint32_t> to;
};

/// The structure of an ISO/IEC 23008-12 file: what lies where, without a pixel. Borrows the file's bytes.
struct HeifContainer {
    std::uint32_t primary = 0;
    std::map<std::uint32_t, HeifItem> items;
    std::vector<HeifReference> references;

    /// nullptr where there is no such item.
    [[nodiscard]] const HeifItem* find(std::uint32_t id) const;
};

/// Linear in the file's size; memory within a small multiple of the boxes that describe the items.
/// @errors  image_malformed, also for a file that is shorter than its items say; image_unsupported for a file
///          without a still picture and for one of too many items.
[[nodiscard]] Result<HeifContainer> read_heif_container(Bytes bytes);

}  // namespace findme::image
