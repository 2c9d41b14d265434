#include "face/prepared_models.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <system_error>
#include <type_traits>
#include <vector>

#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/mapped_file.hpp"
#include "findme/error.hpp"

// The file, numbers as the machine has them: Head, then arrays one after the other, each as its count of
// bytes (8 bytes) and, from the next multiple of 64, its elements. The order is that of put() and take()
// below.
namespace findme::face {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::uint64_t kMagic = 0x3144455250454d46;  // "FMEPRED1", also tells byte orders apart.

struct Head {
    std::uint64_t magic = kMagic;
    std::uint64_t size_bytes = 0;  ///< Of the whole file.
    std::uint64_t checksum = 0;    ///< Of all behind the head.
};

/// The sizes of a landmark model, and of a graph's node, in the order in which they are kept.
using LandmarkSizes = std::array<std::uint32_t, 5>;
using NodeNumbers = std::array<std::int32_t, 8>;

class Writer {
  public:
    template <typename Element>
    void put(std::span<const Element> elements) {
        static_assert(std::is_trivially_copyable_v<Element>);
        const auto bytes = std::as_bytes(elements);
        const std::uint64_t count = bytes.size();
        append(std::as_bytes(std::span(&count, 1)));
        bytes_.resize((bytes_.size() + kAlignment - 1) / kAlignment * kAlignment);
        append(bytes);
    }
    template <typename Element>
    void put(const std::vector<Element>& elements) {
        put(std::span<const Element>(elements));
    }
    template <typename Element, std::size_t kCount>
    void put(const std::array<Element, kCount>& elements) {
        put(std::span<const Element>(elements));
    }

    std::vector<std::uint8_t> finish() {
        Head head;
        head.size_bytes = bytes_.size();
        head.checksum = base::checksum(std::as_bytes(std::span(bytes_)).subspan(sizeof(Head)));
        std::memcpy(bytes_.data(), &head, sizeof head);
        return std::move(bytes_);
    }

  private:
    void append(std::span<const std::byte> bytes) {
        const auto* from = reinterpret_cast<const std::uint8_t*>(bytes.data());
        bytes_.insert(bytes_.end(), from, from + bytes.size());
    }

    std::vector<std::uint8_t> bytes_ = std::vector<std::uint8_t>(sizeof(Head));
};

/// Throws NotWhole at the first thing that is not as Writer leaves it.
class Reader {
  public:
    struct NotWhole {};

    explicit Reader(std::span<const std::byte> file) : file_(file) {
        Head head;
        if (file.size() < sizeof head) throw NotWhole();
        std::memcpy(&head, file.data(), sizeof head);
        if (head.magic != kMagic || head.size_bytes != file.size() ||
            head.checksum != base::checksum(file.subspan(sizeof head))) {
            throw NotWhole();
        }
        at_ = sizeof head;
    }

    template <typename Element>
    std::span<const Element> take() {
        std::uint64_t size = 0;
        if (file_.size() - at_ < sizeof size) throw NotWhole();
        std::memcpy(&size, file_.data() + at_, sizeof size);
        at_ = (at_ + sizeof size + kAlignment - 1) / kAlignment * kAlignment;
        if (at_ > file_.size() || size > file_.size() - at_ || size % sizeof(Element) != 0) throw NotWhole();
        const auto* first = reinterpret_cast<const Element*>(file_.data() + at_);
        at_ += size;
        return {first, size / sizeof(Element)};
    }

    template <typename Element, std::size_t kCount>
    std::array<Element, kCount> take_exactly() {
        const auto elements = take<Element>();
        if (elements.size() != kCount) throw NotWhole();
        std::array<Element, kCount> values;
        std::copy(elements.begin(), elements.end(), values.begin());
        return values;
    }

    template <typename Element>
    std::vector<Element> take_copy() {
        const auto elements = take<Element>();
        return {elements.begin(), elements.end()};
    }

  private:
    std::span<const std::byte> file_;
    std::size_t at_ = 0;
};

void put(Writer& writer, const LandmarkModel& model) {
    writer.put(LandmarkSizes{model.points, model.cascades, model.trees, model.splits, model.pixels});
    writer.put(model.mean_shape);
    writer.put(model.nodes);
    writer.put(model.leaves);
    writer.put(model.anchors);
    writer.put(model.offsets);
}

LandmarkModel take_landmarks(Reader& reader) {
    LandmarkModel model;
    const auto sizes = reader.take_exactly<std::uint32_t, std::tuple_size_v<LandmarkSizes>>();
    model.points = sizes[0];
    model.cascades = sizes[1];
    model.trees = sizes[2];
    model.splits = sizes[3];
    model.pixels = sizes[4];
    model.mean_shape = reader.take<float>();
    model.nodes = reader.take<LandmarkModel::Split>();
    model.leaves = reader.take<float>();
    model.anchors = reader.take<std::uint32_t>();
    model.offsets = reader.take<float>();
    return model;
}

void put(Writer& writer, const Graph& graph) {
    writer.put(graph.outputs);
    writer.put(std::array{std::uint64_t{graph.nodes.size()}});
    for (const Graph::Node& node : graph.nodes) {
        writer.put(NodeNumbers{static_cast<std::int32_t>(node.op), node.channels, node.kernel_px,
                               node.stride_px, node.padding_px, node.dilation, node.groups,
                               node.relu ? 1 : 0});
        writer.put(node.inputs);
        writer.put(node.bias);
        writer.put(node.slopes);
        writer.put(std::array{node.packed.layout});
        writer.put(node.packed.bytes);
    }
}

Graph take_graph(Reader& reader) {
    Graph graph;
    graph.outputs = reader.take_copy<int>();
    const auto count = reader.take_exactly<std::uint64_t, 1>()[0];
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto numbers = reader.take_exactly<std::int32_t, std::tuple_size_v<NodeNumbers>>();
        if (numbers[0] < 0 || numbers[0] > static_cast<std::int32_t>(Graph::Op::prelu))
            throw Reader::NotWhole();
        Graph::Node node;
        node.op = static_cast<Graph::Op>(numbers[0]);
        node.channels = numbers[1];
        node.kernel_px = numbers[2];
        node.stride_px = numbers[3];
        node.padding_px = numbers[4];
        node.dilation = numbers[5];
        node.groups = numbers[6];
        node.relu = numbers[7] != 0;
        node.inputs = reader.take_copy<int>();
        node.bias = reader.take_copy<float>();
        node.slopes = reader.take_copy<float>();
        node.packed.layout = reader.take_exactly<std::uint64_t, 1>()[0];
        node.packed.bytes = reader.take<std::byte>();
        graph.nodes.push_back(std::move(node));
    }
    return graph;
}

}  // namespace

std::optional<PreparedModels> map_prepared(const std::string& path, std::string_view key) {
    const auto file = base::MappedFile::open(path);
    if (!file) return std::nullopt;
    try {
        Reader reader(file->bytes());
        const auto found = reader.take<char>();
        if (std::string_view(found.data(), found.size()) != key) return std::nullopt;
        PreparedModels models;
        models.landmarks = take_landmarks(reader);
        models.landmarks.storage = file;
        validate(models.landmarks);
        const auto networks = reader.take_exactly<std::uint64_t, 1>()[0];
        for (std::uint64_t i = 0; i < networks; ++i) {
            models.recognition.push_back(take_graph(reader));
            models.recognition.back().storage = file;
            validate(models.recognition.back());
        }
        return models;
    } catch (const Reader::NotWhole&) {
        return std::nullopt;
    } catch (const Error&) {
        return std::nullopt;
    }
}

void write_prepared(const std::string& path, std::string_view key, const PreparedModels& models) {
    Writer writer;
    writer.put(std::span(key.data(), key.size()));
    put(writer, models.landmarks);
    writer.put(std::array{std::uint64_t{models.recognition.size()}});
    for (const Graph& network : models.recognition) put(writer, network);
    base::write_file_atomically(path, writer.finish());
    // No secret, and for all who use the model files beside it.
    constexpr auto kAllMayRead = std::filesystem::perms::owner_read | std::filesystem::perms::owner_write |
                                 std::filesystem::perms::group_read | std::filesystem::perms::others_read;
    std::error_code ignored;
    std::filesystem::permissions(path, kAllMayRead, ignored);
}

}  // namespace findme::face
