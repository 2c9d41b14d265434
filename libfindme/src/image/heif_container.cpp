#include "image/heif_container.hpp"

#include <algorithm>
#include <optional>

#include "image/byte_reader.hpp"
#include "image/failure.hpp"

namespace findme::image {
namespace {

// ISO/IEC 14496-12 (boxes, iloc, iinf, iref) and 23008-12 (pitm, iprp).
constexpr std::size_t kMaxItems = 20'000;  // A gigapixel in tiles of 512 px has 4,000.
// Properties, their owners, references and extents in all. One costs a byte or two in the file and up to 32
// in memory.
constexpr std::size_t kMaxLinks = 500'000;

struct Box {
    std::uint32_t type = 0;
    Bytes content;
};

/// Nothing at the end, and nothing where what is left is no box; the reader is then not ok.
std::optional<Box> next_box(ByteReader& reader) {
    if (reader.at_end()) return std::nullopt;
    std::uint64_t size_bytes = reader.u32();
    Box box{.type = reader.u32(), .content = {}};
    std::uint64_t header_bytes = 8;
    if (size_bytes == 1) {
        size_bytes = reader.number(8);
        header_bytes = 16;
    } else if (size_bytes == 0) {
        size_bytes = header_bytes + reader.rest().size();  // To the end of what holds it.
    }
    // A size below the header's own asks for more than there can be, so that the reader is not ok.
    box.content = reader.take(size_bytes < header_bytes ? ~std::uint64_t{0} : size_bytes - header_bytes);
    return reader.ok() ? std::optional(box) : std::nullopt;
}

struct FullBox {
    std::uint32_t version;
    std::uint32_t flags;
};

FullBox read_full_box(ByteReader& reader) {
    const std::uint32_t word = reader.u32();
    return {.version = word >> 24U, .flags = word & 0xffffffU};
}

/// Reads what the meta box says into a HeifContainer. Each function is false where the box is damaged.
class MetaReader {
  public:
    explicit MetaReader(Bytes file) : file_(file) {}

    bool read(Bytes meta) {
        ByteReader reader(meta);
        read_full_box(reader);
        std::optional<Bytes> locations;
        while (const auto box = next_box(reader)) {
            bool held = true;
            if (box->type == four_cc("pitm")) held = read_primary(box->content);
            if (box->type == four_cc("iinf")) held = read_items(box->content);
            if (box->type == four_cc("iref")) held = read_references(box->content);
            if (box->type == four_cc("iprp")) held = read_properties(box->content);
            if (box->type == four_cc("idat")) data_ = box->content;
            if (box->type == four_cc("iloc")) locations = box->content;
            if (!held) return false;
        }
        // Last: locations may point into the data box, wherever that stands.
        return reader.ok() && locations && read_locations(*locations);
    }

    HeifContainer container;
    bool has_primary = false;
    bool too_many = false;

  private:
    bool read_primary(Bytes content) {
        ByteReader reader(content);
        const FullBox head = read_full_box(reader);
        container.primary = head.version == 0 ? reader.u16() : reader.u32();
        has_primary = reader.ok();
        return reader.ok();
    }

    bool read_items(Bytes content) {
        ByteReader reader(content);
        const FullBox head = read_full_box(reader);
        reader.number(head.version == 0 ? 2 : 4);  // The count: the boxes that follow say it as well.
        while (const auto box = next_box(reader)) {
            if (box->type != four_cc("infe")) continue;
            ByteReader entry(box->content);
            const FullBox entry_head = read_full_box(entry);
            if (entry_head.version < 2) continue;  // Older than pictures are.
            const std::uint32_t id = entry_head.version == 2 ? entry.u16() : entry.u32();
            entry.u16();  // Protection.
            const std::uint32_t type = entry.u32();
            if (!entry.ok() || !has_room()) return false;
            container.items[id].type = type;
        }
        return reader.ok();
    }

    bool read_references(Bytes content) {
        ByteReader reader(content);
        const std::size_t id_bytes = read_full_box(reader).version == 0 ? 2 : 4;
        while (const auto box = next_box(reader)) {
            ByteReader entry(box->content);
            HeifReference reference{
                .type = box->type, .from = static_cast<std::uint32_t>(entry.number(id_bytes)), .to = {}};
            for (std::uint32_t left = entry.u16(); left > 0 && entry.ok() && has_room(); --left)
                reference.to.push_back(static_cast<std::uint32_t>(entry.number(id_bytes)));
            if (!entry.ok() || !has_room()) return false;
            container.references.push_back(std::move(reference));
        }
        return reader.ok();
    }

    bool read_properties(Bytes content) {
        std::vector<HeifProperty> properties;
        std::vector<Bytes> associations;
        ByteReader reader(content);
        while (const auto box = next_box(reader)) {
            if (box->type == four_cc("ipma")) associations.push_back(box->content);
            if (box->type != four_cc("ipco")) continue;
            ByteReader children(box->content);
            while (const auto child = next_box(children)) {
                if (!has_room()) return false;
                properties.push_back({child->type, child->content});
            }
            if (!children.ok()) return false;
        }
        return reader.ok() && std::all_of(associations.begin(), associations.end(),
                                          [&](Bytes one) { return associate(one, properties); });
    }

    bool associate(Bytes content, const std::vector<HeifProperty>& properties) {
        ByteReader reader(content);
        const FullBox head = read_full_box(reader);
        const std::size_t index_bytes = (head.flags & 1U) != 0 ? 2 : 1;
        for (std::uint32_t left = reader.u32(); left > 0 && reader.ok(); --left) {
            const std::uint32_t id = head.version == 0 ? reader.u16() : reader.u32();
            for (std::uint32_t count = reader.u8(); count > 0 && reader.ok(); --count) {
                // The highest bit says that a reader must understand the property.
                const auto index = reader.number(index_bytes) & (index_bytes == 2 ? 0x7fffU : 0x7fU);
                if (index == 0) continue;  // "No property", by the standard.
                if (index > properties.size() || !has_room()) return false;
                container.items[id].properties.push_back(properties[index - 1]);
            }
        }
        return reader.ok();
    }

    bool read_locations(Bytes content) {
        ByteReader reader(content);
        const std::uint32_t version = read_full_box(reader).version;
        const std::uint32_t sizes = reader.u16();
        const std::size_t offset_bytes = sizes >> 12U & 0xfU;
        const std::size_t length_bytes = sizes >> 8U & 0xfU;
        const std::size_t base_bytes = sizes >> 4U & 0xfU;
        const std::size_t index_bytes = version == 0 ? 0 : sizes & 0xfU;
        if (std::max({offset_bytes, length_bytes, base_bytes, index_bytes}) > 8 || version > 2) return false;
        for (auto left = reader.number(version < 2 ? 2 : 4); left > 0 && reader.ok(); --left) {
            const std::uint32_t id = version < 2 ? reader.u16() : reader.u32();
            const std::uint32_t method = version == 0 ? 0 : reader.u16() & 0xfU;
            const std::uint32_t other_file = reader.u16();
            const std::uint64_t base = reader.number(base_bytes);
            const auto found = container.items.find(id);
            for (std::uint32_t count = reader.u16(); count > 0 && reader.ok(); --count) {
                // They may take no byte of the file at all.
                if (!has_room()) return false;
                reader.number(index_bytes);
                const std::uint64_t offset = reader.number(offset_bytes);
                const std::uint64_t length = reader.number(length_bytes);
                if (found == container.items.end() || other_file != 0 || method > 1) continue;
                if (!add_extent(found->second, method == 1 ? data_ : file_, base, offset, length))
                    return false;
            }
        }
        return reader.ok();
    }

    /// An item of more bytes than the file holds repeats itself: no writer does that.
    bool add_extent(HeifItem& item, Bytes from, std::uint64_t base, std::uint64_t offset,
                    std::uint64_t length) {
        if (base > from.size() || offset > from.size() - base) return false;
        const auto begin = static_cast<std::size_t>(base + offset);
        if (length > from.size() - begin) return false;
        if (length == 0) length = from.size() - begin;
        if (length > file_.size() - item.size_bytes) return false;
        item.extents.push_back(from.subspan(begin, static_cast<std::size_t>(length)));
        item.size_bytes += static_cast<std::size_t>(length);
        return true;
    }

    /// For one more link, and the item that may come with it.
    bool has_room() {
        too_many = container.items.size() >= kMaxItems || ++links_ > kMaxLinks;
        return !too_many;
    }

    Bytes file_;
    Bytes data_;
    std::size_t links_ = 0;
};

}  // namespace

std::string to_text(std::uint32_t four_cc) {
    std::string text;
    for (const unsigned shift : {24U, 16U, 8U, 0U})
        text.push_back(static_cast<char>(four_cc >> shift & 0xffU));
    return text;
}

Bytes HeifItem::property(std::uint32_t of_type) const {
    const auto found = std::find_if(properties.begin(), properties.end(),
                                    [&](const HeifProperty& one) { return one.type == of_type; });
    return found == properties.end() ? Bytes() : found->content;
}

std::vector<std::uint8_t> HeifItem::bytes() const {
    std::vector<std::uint8_t> all;
    all.reserve(size_bytes);
    for (const Bytes extent : extents) all.insert(all.end(), extent.begin(), extent.end());
    return all;
}

const HeifItem* HeifContainer::find(std::uint32_t id) const {
    const auto found = items.find(id);
    return found == items.end() ? nullptr : &found->second;
}

Result<HeifContainer> read_heif_container(Bytes bytes) {
    ByteReader reader(bytes);
    bool is_sequence = false;
    while (const auto box = next_box(reader)) {
        if (box->type == four_cc("moov")) is_sequence = true;
        if (box->type != four_cc("meta")) continue;
        MetaReader meta(bytes);
        if (meta.read(box->content) && meta.has_primary) return std::move(meta.container);
        if (meta.too_many)
            return unsupported("a HEIF file of too many parts (limits: " + std::to_string(kMaxItems) +
                               " items, " + std::to_string(kMaxLinks) + " links between them)");
        return malformed("HEIF", "its parts are not where it says");
    }
    if (!reader.ok()) return malformed("HEIF", "it ends too early");
    if (is_sequence) return unsupported("a HEIF image sequence without a still picture");
    return malformed("HEIF", "it has no picture");
}

}  // namespace findme::image
