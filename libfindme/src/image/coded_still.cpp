#include "image/coded_still.hpp"

#include <algorithm>
#include <string>

#include "image/bit_reader.hpp"
#include "image/byte_reader.hpp"
#include "image/failure.hpp"
#include "image/limits.hpp"

namespace findme::image {
namespace {

struct Size {
    std::int64_t width_px = 0;
    std::int64_t height_px = 0;
    bool operator==(const Size&) const = default;
};

/// What a walk through a coded picture found.
struct Found {
    std::optional<Size> coded;  ///< What the decoder allocates.
    Size shown;                 ///< What it gives.
    int pictures = 0;
    int slices = 0;
    bool refers = false;  ///< To pictures before it, which the decoder would make up.
    bool damaged = false;
    bool changes_size = false;
    bool is_video = false;  ///< Its picture is predicted from others, which are not there.

    void add_size(Size coded_size, Size shown_size) {
        if (coded && (*coded != coded_size || shown != shown_size)) changes_size = true;
        coded = coded_size;
        shown = shown_size;
    }
};

// A picture of the highest level has 600 slices (ISO/IEC 23008-2, table A.8) and those of cameras one. Each
// may cost a decoder the whole picture.
constexpr int kMaxSlices = 64;
// AV1 stills come in up to four layers, each of which may show an existing frame.
constexpr int kMaxAv1Frames = 8;
// What an HEVC decoder keeps beside the picture at work (ISO/IEC 23008-2, A.4.2).
constexpr int kHevcReferences = 16;

/// A NAL unit without the bytes that keep its content from looking like a start code.
std::vector<std::uint8_t> unescape(Bytes nal) {
    std::vector<std::uint8_t> out;
    unsigned zeros = 0;
    for (const std::uint8_t byte : nal) {
        if (zeros >= 2 && byte == 3) {
            zeros = 0;
            continue;
        }
        zeros = byte == 0 ? zeros + 1 : 0;
        out.push_back(byte);
    }
    return out;
}

/// ISO/IEC 23008-2, 7.3.2.2.1, as far as the picture's size.
void read_hevc_parameters(Bytes nal, Found& found) {
    constexpr std::size_t kEnough = 512;  // The size stands within the first hundred bytes.
    const std::vector<std::uint8_t> content = unescape(nal.subspan(2, std::min(nal.size() - 2, kEnough)));
    BitReader reader(content);
    reader.skip(4);  // Video parameter set.
    const unsigned sub_layers = reader.bits(3);
    reader.skip(1 + 88 + 8);  // Nesting; general profile and level.
    unsigned profile_bits = 0;
    for (unsigned i = 0; i < sub_layers; ++i) {
        if (reader.flag()) profile_bits += 88;
        if (reader.flag()) profile_bits += 8;
    }
    if (sub_layers > 0) reader.skip(2 * (8 - sub_layers));
    reader.skip(profile_bits);
    reader.golomb();  // Its number.
    const std::uint32_t chroma = reader.golomb();
    if (chroma == 3) reader.skip(1);
    const Size coded{.width_px = reader.golomb(), .height_px = reader.golomb()};
    Size shown = coded;
    if (reader.flag()) {
        const std::int64_t step_x = chroma == 1 || chroma == 2 ? 2 : 1;
        const std::int64_t step_y = chroma == 1 ? 2 : 1;
        shown.width_px -= step_x * reader.golomb();  // Left.
        shown.width_px -= step_x * reader.golomb();
        shown.height_px -= step_y * reader.golomb();  // Top.
        shown.height_px -= step_y * reader.golomb();
    }
    if (!reader.ok()) found.damaged = true;
    found.add_size(coded, shown);
}

void read_hevc_unit(Bytes nal, Found& found) {
    constexpr unsigned kParameters = 33, kLastSlice = 31, kFirstAlone = 16, kLastAlone = 23;
    constexpr unsigned kRefresh = 19, kRefreshLonely = 20;  // IDR: nothing before it counts.
    if (nal.size() < 3) {
        found.damaged = true;
        return;
    }
    const unsigned type = nal[0] >> 1U & 0x3fU;
    if (type == kParameters) read_hevc_parameters(nal, found);
    if (type > kLastSlice) return;
    ++found.slices;
    if (type < kFirstAlone || type > kLastAlone) found.is_video = true;
    if (type != kRefresh && type != kRefreshLonely) found.refers = true;
    if ((nal[2] & 0x80U) != 0) ++found.pictures;  // The first slice of its picture.
}

/// ISO/IEC 14496-15, 8.3.3.1: parameter sets, and then the item's data, as length and NAL unit.
Found walk_hevc(Bytes configuration, Bytes data) {
    Found found;
    ByteReader reader(configuration);
    reader.take(21);
    // libheif reads lengths of four bytes whatever stands here; no camera writes others.
    if ((reader.u8() & 3U) != 3) found.damaged = true;
    for (std::uint32_t arrays = 0, count = reader.u8(); arrays < count && reader.ok(); ++arrays) {
        reader.u8();
        for (std::uint32_t left = reader.u16(); left > 0 && reader.ok(); --left) {
            const std::size_t size_bytes = reader.u16();
            read_hevc_unit(reader.take(size_bytes), found);
        }
    }
    ByteReader units(data);
    while (!units.at_end() && units.ok()) {
        const std::size_t size_bytes = units.u32();
        read_hevc_unit(units.take(size_bytes), found);
    }
    if (!reader.ok() || !units.ok()) found.damaged = true;
    return found;
}

/// AV1, 5.5.1, as far as the largest frame's size.
void read_av1_sequence(Bytes content, Found& found) {
    BitReader reader(content);
    reader.skip(3 + 1);  // Profile; still picture.
    if (reader.flag()) {
        reader.skip(5);  // Reduced header: level.
    } else {
        unsigned delay_bits = 0;
        if (reader.flag()) {  // Timing.
            reader.skip(64);
            if (reader.flag()) reader.golomb();
            if (reader.flag()) {  // Decoder model.
                delay_bits = reader.bits(5) + 1;
                reader.skip(32 + 5 + 5);
            }
        }
        const bool has_delay = reader.flag();
        for (unsigned left = reader.bits(5) + 1; left > 0 && reader.ok(); --left) {
            reader.skip(12);
            if (reader.bits(5) > 7) reader.skip(1);
            if (delay_bits > 0 && reader.flag()) reader.skip(2 * delay_bits + 1);
            if (has_delay && reader.flag()) reader.skip(4);
        }
    }
    const unsigned width_bits = reader.bits(4) + 1;
    const unsigned height_bits = reader.bits(4) + 1;
    const Size size{.width_px = std::int64_t{reader.bits(width_bits)} + 1,
                    .height_px = std::int64_t{reader.bits(height_bits)} + 1};
    if (!reader.ok()) found.damaged = true;
    found.add_size(size, size);
}

/// AV1, 4.10.5.
std::uint64_t leb128(ByteReader& reader) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < 8; ++i) {
        const std::uint64_t byte = reader.u8();
        value |= (byte & 0x7fU) << (7 * i);
        if ((byte & 0x80U) == 0) break;
    }
    return value;
}

void walk_av1_units(Bytes data, Found& found) {
    constexpr unsigned kSequence = 1, kFrameHeader = 3, kFrame = 6, kTileList = 8;
    ByteReader reader(data);
    while (!reader.at_end() && reader.ok()) {
        const std::uint32_t head = reader.u8();
        if ((head & 4U) != 0) reader.u8();  // Layer.
        const std::uint64_t size_bytes = (head & 2U) != 0 ? leb128(reader) : reader.rest().size();
        const Bytes content = reader.take(size_bytes);
        const unsigned type = head >> 3U & 0xfU;
        if (!reader.ok()) break;
        if (type == kSequence) read_av1_sequence(content, found);
        if (type == kFrameHeader || type == kFrame) ++found.pictures;
        if (type == kTileList) found.damaged = true;
    }
    if (!reader.ok()) found.damaged = true;
}

Found walk_av1(Bytes configuration, Bytes data) {
    Found found;
    // The container's copy of the sequence header may be missing; then it stands in the data.
    if (configuration.size() > 4) walk_av1_units(configuration.subspan(4), found);
    walk_av1_units(data, found);
    return found;
}

std::optional<ErrorInfo> judge(const Found& found, StillCodec codec, const ImageLimits& limits) {
    if (found.coded) {
        if (auto refusal = judge_dimensions("HEIF", found.coded->width_px, found.coded->height_px, limits))
            return refusal;
    }
    if (found.damaged || !found.coded) return malformed("HEIF", "a picture in it has a damaged header");
    if (found.shown.width_px <= 0 || found.shown.height_px <= 0)
        return malformed("HEIF", "a picture in it is cut to nothing");
    if (found.changes_size) return malformed("HEIF", "a picture in it declares two sizes");
    if (found.pictures == 0) return malformed("HEIF", "a picture in it has no data");
    if (found.is_video || found.pictures > (codec == StillCodec::hevc ? 1 : kMaxAv1Frames))
        return unsupported("a HEIF photo that holds a video as its picture");
    if (found.slices > kMaxSlices)
        return unsupported("a HEIF photo coded in more than " + std::to_string(kMaxSlices) + " slices");
    return std::nullopt;
}

void put(std::vector<std::uint8_t>& out, std::uint64_t value, unsigned size_bytes) {
    while (size_bytes-- > 0) out.push_back(static_cast<std::uint8_t>(value >> (8 * size_bytes)));
}

void put(std::vector<std::uint8_t>& out, Bytes bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}

/// A box around `content`.
std::vector<std::uint8_t> box(std::string_view type, Bytes content) {
    std::vector<std::uint8_t> out;
    put(out, content.size() + 8, 4);
    put(out, four_cc(type), 4);
    put(out, content);
    return out;
}

}  // namespace

Result<CodedStill> judge_coded_still(const HeifItem& item, const ImageLimits& limits) {
    CodedStill still{.codec = StillCodec::hevc, .item = &item};
    Found found;
    if (item.type == four_cc("hvc1")) {
        found = walk_hevc(item.property(four_cc("hvcC")), item.bytes());
    } else if (item.type == four_cc("av01")) {
        still.codec = StillCodec::av1;
        found = walk_av1(item.property(four_cc("av1C")), item.bytes());
    } else if (item.type == four_cc("unci")) {
        return unsupported("a HEIF photo without compression");
    } else if (item.type == four_cc("j2k1")) {
        return unsupported("a HEIF photo coded as JPEG 2000");
    } else if (item.type == four_cc("jpeg")) {
        return unsupported("a HEIF photo coded as JPEG");
    } else if (item.type == 0) {
        return malformed("HEIF", "its picture is missing");
    } else {
        return unsupported("a HEIF photo coded as \"" + to_text(item.type) + "\"");
    }
    if (auto refusal = judge(found, still.codec, limits)) return *std::move(refusal);
    still.width_px = static_cast<int>(found.shown.width_px);
    still.height_px = static_cast<int>(found.shown.height_px);
    const std::int64_t frame_px = found.coded->width_px * found.coded->height_px;
    still.coded_px = frame_px * found.pictures;
    still.decoder_px = still.coded_px + (found.refers ? frame_px * kHevcReferences : 0);
    return still;
}

std::vector<std::uint8_t> as_heif_file(const CodedStill& still) {
    const bool hevc = still.codec == StillCodec::hevc;
    std::vector<std::uint8_t> brands;
    put(brands, four_cc(hevc ? "heic" : "avif"), 4);
    put(brands, 0, 4);
    put(brands, four_cc("mif1"), 4);
    put(brands, four_cc(hevc ? "heic" : "avif"), 4);

    std::vector<std::uint8_t> handler(8);
    put(handler, four_cc("pict"), 4);
    handler.resize(handler.size() + 13);
    const std::vector<std::uint8_t> primary{0, 0, 0, 0, 0, 1};
    std::vector<std::uint8_t> entry{2, 0, 0, 0, 0, 1, 0, 0};
    put(entry, still.item->type, 4);
    entry.push_back(0);
    std::vector<std::uint8_t> entries{0, 0, 0, 0, 0, 1};
    put(entries, box("infe", entry));

    const std::string_view configuration = hevc ? "hvcC" : "av1C";
    std::vector<std::uint8_t> properties = box(configuration, still.item->property(four_cc(configuration)));
    std::vector<std::uint8_t> extent(4);
    put(extent, static_cast<std::uint64_t>(still.width_px), 4);
    put(extent, static_cast<std::uint64_t>(still.height_px), 4);
    put(properties, box("ispe", extent));
    std::vector<std::uint8_t> owners{0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 2, 0x81, 2};
    // How luma and chroma become colours. A profile (ICC) is of no use to the decoder and stays out.
    const auto& all = still.item->properties;
    const auto colours = std::find_if(all.begin(), all.end(), [](const HeifProperty& one) {
        return one.type == four_cc("colr") && has_text(one.content, 0, "nclx");
    });
    if (colours != all.end()) {
        put(properties, box("colr", colours->content));
        owners[10] = 3;
        owners.push_back(3);
    }
    std::vector<std::uint8_t> of_item = box("ipco", properties);
    put(of_item, box("ipma", owners));

    std::vector<std::uint8_t> out = box("ftyp", brands);
    std::vector<std::uint8_t> meta(4);
    put(meta, box("hdlr", handler));
    put(meta, box("pitm", primary));
    put(meta, box("iinf", entries));
    put(meta, box("iprp", of_item));
    constexpr std::size_t kLocationsBytes = 8 + 4 + 2 + 2 + 2 + 2 + 2 + 8;
    const std::size_t data_at = out.size() + 8 + meta.size() + kLocationsBytes + 8;
    std::vector<std::uint8_t> locations{0, 0, 0, 0, 0x44, 0, 0, 1, 0, 1, 0, 0, 0, 1};
    put(locations, data_at, 4);
    put(locations, still.item->size_bytes, 4);
    put(meta, box("iloc", locations));
    put(out, box("meta", meta));
    out.reserve(data_at + still.item->size_bytes);
    put(out, still.item->size_bytes + 8, 4);
    put(out, four_cc("mdat"), 4);
    for (const Bytes bytes : still.item->extents) put(out, bytes);
    return out;
}

}  // namespace findme::image
