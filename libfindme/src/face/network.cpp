#include "face/network.hpp"

#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/hash.hpp"
#include "findme/error.hpp"

namespace findme::face {
namespace {

using dnnl::memory;

constexpr std::size_t kAlignment = 64;

const dnnl::engine& cpu() {
    static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    return engine;
}

/// oneDNN spreads each primitive over OpenMP threads; findme is parallel over photos instead. The setting
/// belongs to the calling thread and is put back, because the thread may belong to somebody else.
class OneThread {
  public:
    OneThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
    OneThread(const OneThread&) = delete;
    OneThread& operator=(const OneThread&) = delete;
    ~OneThread() { omp_set_num_threads(before_); }

  private:
    int before_;
};

memory::dims dims_of(const Shape& shape) {
    return {shape.batch, shape.channels, shape.height, shape.width};
}

memory::desc activation(const Shape& shape) {
    return {dims_of(shape), memory::data_type::f32, memory::format_tag::nhwc};
}

/// out += in, where `in` may be smaller in any direction; both B x H x W x C.
void add_into(float* out, const Shape& out_shape, const float* in, const Shape& in_shape) {
    for (int b = 0; b < in_shape.batch; ++b) {
        for (int y = 0; y < in_shape.height; ++y) {
            for (int x = 0; x < in_shape.width; ++x) {
                const std::size_t at =
                    (static_cast<std::size_t>(b) * out_shape.height + y) * out_shape.width + x;
                float* to = out + at * out_shape.channels;
                for (int c = 0; c < in_shape.channels; ++c) to[c] += in[c];
                in += in_shape.channels;
            }
        }
    }
}

/// One step of a run: a oneDNN primitive, or one of the two operations that oneDNN has no fitting form for.
struct Step {
    Graph::Op op = Graph::Op::input;
    int node = 0;
    int convolution = 0;  ///< Node whose weights these are; `node` is the addition's where one was fused.
    std::vector<int> inputs;
    std::optional<dnnl::primitive> primitive;
    memory weights;
    memory bias;
    memory::desc scratchpad;
    /// A convolution that ends in an addition adds in place to this node's buffer.
    int accumulates = -1;
    bool relu = false;
};

/// Where each node's output lies in the workspace.
struct Plan {
    std::vector<std::size_t> offset_bytes;
    std::size_t total_bytes = 0;
};

std::size_t aligned(std::size_t bytes) {
    return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

/// Names the order of a tensor's elements: equal numbers, equal orders.
std::uint64_t layout_of(const memory::desc& description) {
    const dnnl_memory_desc_t& d = description.data;
    const dnnl_blocking_desc_t& blocks = d.format_desc.blocking;
    std::vector<std::int64_t> facts{
        d.ndims,           d.data_type, d.offset0, d.format_kind, static_cast<std::int64_t>(d.extra.flags),
        blocks.inner_nblks};
    const auto add = [&](const dnnl_dims_t& values, int count) {
        facts.insert(facts.end(), values, values + count);
    };
    add(d.dims, d.ndims);
    add(d.padded_dims, d.ndims);
    add(d.padded_offsets, d.ndims);
    add(blocks.strides, d.ndims);
    add(blocks.inner_blks, blocks.inner_nblks);
    add(blocks.inner_idxs, blocks.inner_nblks);
    return base::checksum(std::as_bytes(std::span(facts)));
}

/// Weights that lie in memory as they are wanted. They are only read.
memory packed_weights(const Graph::PackedWeights& packed, const memory::desc& wanted) {
    const bool aligned_well = reinterpret_cast<std::uintptr_t>(packed.bytes.data()) % kAlignment == 0;
    if (packed.layout != layout_of(wanted) || packed.bytes.size() != wanted.get_size() || !aligned_well) {
        throw Error(ErrorCode::model_shape_mismatch, "weights were packed for another machine");
    }
    return {wanted, cpu(), const_cast<std::byte*>(packed.bytes.data())};
}

class OneDnnNetwork final : public Network {
  public:
    OneDnnNetwork(const Graph& graph, Shape input)
        : nodes_(graph.nodes.size()), outputs_(graph.outputs), storage_(graph.storage) {
        shapes_.push_back(input);
        for (std::size_t i = 1; i < graph.nodes.size(); ++i) {
            const Shape shape = face::output_shape(graph.nodes[i], shapes_);
            if (shape.height <= 0 || shape.width <= 0) {
                throw Error(ErrorCode::model_shape_mismatch,
                            "network node " + std::to_string(i) + " does not fit an input of " +
                                std::to_string(input.width) + "x" + std::to_string(input.height) + " px");
            }
            shapes_.push_back(shape);
        }
        for (std::size_t i = 0; i < nodes_; ++i) buffer_of_.push_back(static_cast<int>(i));
        for (std::size_t i = 1; i < nodes_; ++i) build_step(graph, static_cast<int>(i));
        make_plan(graph);
    }

    [[nodiscard]] Shape input_shape() const override { return shapes_.front(); }
    [[nodiscard]] Shape output_shape(std::size_t index) const override { return shape(outputs_.at(index)); }

    /// Puts the weights as they were compiled in the place of the plain ones; they live as long as this.
    void pack_into(Graph& graph) const {
        for (const Step& step : steps_) {
            if (!step.weights) continue;
            const auto description = step.weights.get_desc();
            auto& node = graph.nodes[static_cast<std::size_t>(step.convolution)];
            node.packed = {
                layout_of(description),
                {static_cast<const std::byte*>(step.weights.get_data_handle()), description.get_size()}};
            node.weights.clear();
        }
    }

    void run(std::span<const float> input, std::span<const std::span<float>> outputs,
             Workspace& workspace) const override {
        require_sizes(input, outputs);
        const OneThread one_thread;
        try {
            execute(input, outputs, workspace);
        } catch (const dnnl::error& error) {
            throw Error(ErrorCode::internal, std::string("oneDNN failed: ") + error.what());
        }
    }

  private:
    void execute(std::span<const float> input, std::span<const std::span<float>> outputs,
                 Workspace& workspace) const {
        const auto arena = workspace.at_least(plan_.total_bytes);
        const auto buffer = [&](int node) {
            const auto at =
                plan_.offset_bytes[static_cast<std::size_t>(buffer_of_[static_cast<std::size_t>(node)])];
            return reinterpret_cast<float*>(arena.data() + at);
        };
        std::copy(input.begin(), input.end(), buffer(0));
        dnnl::stream stream(cpu());
        for (const auto& step : steps_)
            run_step(step, buffer, arena.data() + plan_.total_bytes - scratch_bytes_, stream);
        stream.wait();
        for (std::size_t i = 0; i < outputs.size(); ++i) {
            const float* from = buffer(outputs_[i]);
            std::copy(from, from + outputs[i].size(), outputs[i].begin());
        }
    }

    [[nodiscard]] const Shape& shape(int node) const { return shapes_[static_cast<std::size_t>(node)]; }

    void require_sizes(std::span<const float> input, std::span<const std::span<float>> outputs) const {
        bool fits = input.size() == shapes_.front().size() && outputs.size() == outputs_.size();
        for (std::size_t i = 0; fits && i < outputs.size(); ++i)
            fits = outputs[i].size() == output_shape(i).size();
        if (!fits)
            throw Error(ErrorCode::model_shape_mismatch,
                        "a buffer does not have the network's input or output shape");
    }

    static bool only_reader(const Graph& graph, int node, int reader) {
        for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
            const auto& inputs = graph.nodes[i].inputs;
            if (static_cast<int>(i) != reader && static_cast<int>(i) > node &&
                std::find(inputs.begin(), inputs.end(), node) != inputs.end()) {
                return false;
            }
        }
        return std::find(graph.outputs.begin(), graph.outputs.end(), node) == graph.outputs.end();
    }

    static bool read_after(const Graph& graph, int node, int reader) {
        for (std::size_t i = static_cast<std::size_t>(reader) + 1; i < graph.nodes.size(); ++i) {
            const auto& inputs = graph.nodes[i].inputs;
            if (std::find(inputs.begin(), inputs.end(), node) != inputs.end()) return true;
        }
        return std::find(graph.outputs.begin(), graph.outputs.end(), node) != graph.outputs.end();
    }

    void build_step(const Graph& graph, int index) {
        const auto& node = graph.nodes[static_cast<std::size_t>(index)];
        Step step;
        step.op = node.op;
        step.node = index;
        step.convolution = index;
        step.inputs = node.inputs;
        step.relu = node.relu;
        switch (node.op) {
            case Graph::Op::convolution:
                build_convolution(step, node);
                break;
            case Graph::Op::max_pool:
            case Graph::Op::average_pool:
            case Graph::Op::global_average:
                build_pooling(step, node);
                break;
            case Graph::Op::add:
                if (fuse_addition(graph, node, index)) return;
                break;
            case Graph::Op::concat:
            case Graph::Op::input:
                break;
        }
        steps_.push_back(std::move(step));
    }

    /// Turns `convolution, add` into a convolution that accumulates in place, where the addition is the only
    /// reader of the convolution and the last reader of its other side.
    bool fuse_addition(const Graph& graph, const Graph::Node& node, int index) {
        const int convolution = index - 1;
        const int other = node.inputs[0] == convolution ? node.inputs[1] : node.inputs[0];
        if (other == convolution || steps_.empty() || steps_.back().node != convolution) return false;
        if (node.inputs[0] != convolution && node.inputs[1] != convolution) return false;
        const auto& source = graph.nodes[static_cast<std::size_t>(convolution)];
        const Shape& a = shape(convolution);
        const Shape& b = shape(other);
        const bool same = a.height == b.height && a.width == b.width && a.channels == b.channels;
        // Nor can a convolution accumulate into the very pixels it still reads.
        if (source.op != Graph::Op::convolution || source.relu || !same || other == 0 ||
            source.inputs[0] == other || !only_reader(graph, convolution, index) ||
            read_after(graph, other, index)) {
            return false;
        }
        Step& step = steps_.back();
        Graph::Node fused = source;
        fused.relu = node.relu;
        step.accumulates = other;
        build_convolution(step, fused);
        step.node = index;
        buffer_of_[static_cast<std::size_t>(index)] = buffer_of_[static_cast<std::size_t>(other)];
        step.inputs = {source.inputs[0], other};
        return true;
    }

    void build_convolution(Step& step, const Graph::Node& node) {
        const Shape& in = shape(node.inputs[0]);
        const Shape& out = shape(step.node);
        const memory::dim k = node.kernel_px;
        const memory::dim groups = node.groups;
        const memory::dims weight_dims =
            groups == 1 ? memory::dims{out.channels, in.channels, k, k}
                        : memory::dims{groups, out.channels / groups, in.channels / groups, k, k};
        const auto any = memory::desc(weight_dims, memory::data_type::f32, memory::format_tag::any);
        const auto plain = memory::desc(weight_dims, memory::data_type::f32,
                                        groups == 1 ? memory::format_tag::oihw : memory::format_tag::goihw);
        const auto bias = memory::desc({out.channels}, memory::data_type::f32, memory::format_tag::x);
        const memory::dims stride{node.stride_px, node.stride_px};
        const memory::dims dilation{node.dilation - 1, node.dilation - 1};
        const memory::dims padding{node.padding_px, node.padding_px};

        dnnl::post_ops post;
        if (step.accumulates >= 0) post.append_sum(1.0F);
        if (node.relu) post.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
        dnnl::primitive_attr attributes;
        attributes.set_post_ops(post);
        attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);

        const dnnl::convolution_forward::desc description(
            dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, activation(in), any,
            bias, activation(out), stride, dilation, padding, padding);
        const dnnl::convolution_forward::primitive_desc chosen(description, attributes, cpu());
        scratch_bytes_ = std::max(scratch_bytes_, aligned(chosen.scratchpad_desc().get_size()));
        step.scratchpad = chosen.scratchpad_desc();

        if (node.packed.bytes.empty()) {
            dnnl::stream stream(cpu());
            memory from(plain, cpu(), const_cast<float*>(node.weights.data()));
            step.weights = memory(chosen.weights_desc(), cpu());
            dnnl::reorder(from, step.weights).execute(stream, from, step.weights);
            stream.wait();
        } else {
            step.weights = packed_weights(node.packed, chosen.weights_desc());
        }
        step.bias = memory(bias, cpu());
        std::copy(node.bias.begin(), node.bias.end(), static_cast<float*>(step.bias.get_data_handle()));
        step.primitive = dnnl::convolution_forward(chosen);
    }

    void build_pooling(Step& step, const Graph::Node& node) {
        const Shape& in = shape(node.inputs[0]);
        const Shape& out = shape(step.node);
        const bool global = node.op == Graph::Op::global_average;
        const memory::dims kernel =
            global ? memory::dims{in.height, in.width} : memory::dims{node.kernel_px, node.kernel_px};
        const memory::dims stride =
            global ? memory::dims{1, 1} : memory::dims{node.stride_px, node.stride_px};
        const memory::dims padding{node.padding_px, node.padding_px};
        const auto algorithm = node.op == Graph::Op::max_pool ? dnnl::algorithm::pooling_max
                                                              : dnnl::algorithm::pooling_avg_exclude_padding;
        dnnl::primitive_attr attributes;
        attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
        const dnnl::pooling_forward::desc description(dnnl::prop_kind::forward_inference, algorithm,
                                                      activation(in), activation(out), stride, kernel,
                                                      padding, padding);
        const dnnl::pooling_forward::primitive_desc chosen(description, attributes, cpu());
        scratch_bytes_ = std::max(scratch_bytes_, aligned(chosen.scratchpad_desc().get_size()));
        step.scratchpad = chosen.scratchpad_desc();
        step.primitive = dnnl::pooling_forward(chosen);
    }

    /// Gives every buffer a place, reusing the places of tensors nobody reads any more (first fit by age).
    void make_plan(const Graph& graph) {
        std::vector<std::size_t> last_use(nodes_, 0);
        std::vector<std::size_t> bytes(nodes_, 0);
        const auto root = [&](int node) {
            return static_cast<std::size_t>(buffer_of_[static_cast<std::size_t>(node)]);
        };
        for (std::size_t i = 0; i < nodes_; ++i) bytes[i] = aligned(shapes_[i].size() * sizeof(float));
        for (std::size_t s = 0; s < steps_.size(); ++s) {
            last_use[root(steps_[s].node)] = std::max(last_use[root(steps_[s].node)], s);
            for (const int input : steps_[s].inputs)
                last_use[root(input)] = std::max(last_use[root(input)], s);
        }
        for (const int output : graph.outputs) last_use[root(output)] = steps_.size();

        struct Block {
            std::size_t offset, size, busy_until;
        };
        std::vector<Block> blocks;
        plan_.offset_bytes.assign(nodes_, 0);
        const auto place = [&](std::size_t node, std::size_t from) {
            std::size_t offset = 0;
            for (bool moved = true; moved;) {
                moved = false;
                for (const auto& block : blocks) {
                    const bool alive = block.busy_until >= from;
                    const bool overlaps =
                        offset < block.offset + block.size && block.offset < offset + bytes[node];
                    if (alive && overlaps) {
                        offset = block.offset + block.size;
                        moved = true;
                    }
                }
            }
            plan_.offset_bytes[node] = offset;
            plan_.total_bytes = std::max(plan_.total_bytes, offset + bytes[node]);
            blocks.push_back({offset, bytes[node], last_use[node]});
        };
        place(0, 0);
        for (std::size_t s = 0; s < steps_.size(); ++s) {
            const auto node = static_cast<std::size_t>(steps_[s].node);
            if (root(steps_[s].node) == node) place(node, s);
        }
        plan_.total_bytes += scratch_bytes_;
    }

    template <typename Buffer>
    void run_step(const Step& step, const Buffer& buffer, std::byte* scratch, dnnl::stream& stream) const {
        float* out = buffer(step.node);
        if (step.primitive) {
            std::unordered_map<int, memory> arguments{
                {DNNL_ARG_SRC, memory(activation(shape(step.inputs[0])), cpu(), buffer(step.inputs[0]))},
                {DNNL_ARG_DST, memory(activation(shape(step.node)), cpu(), out)},
                {DNNL_ARG_SCRATCHPAD, memory(step.scratchpad, cpu(), scratch)}};
            if (step.weights) {
                arguments.emplace(DNNL_ARG_WEIGHTS, step.weights);
                arguments.emplace(DNNL_ARG_BIAS, step.bias);
            }
            step.primitive->execute(stream, arguments);
            return;
        }
        if (step.op == Graph::Op::add) {
            run_addition(step, buffer, out);
        } else {
            run_concat(step, buffer, out);
        }
    }

    template <typename Buffer>
    void run_addition(const Step& step, const Buffer& buffer, float* out) const {
        const Shape& to = shape(step.node);
        std::fill(out, out + to.size(), 0.0F);
        for (const int input : step.inputs) add_into(out, to, buffer(input), shape(input));
        if (step.relu) std::transform(out, out + to.size(), out, [](float v) { return std::max(v, 0.0F); });
    }

    template <typename Buffer>
    void run_concat(const Step& step, const Buffer& buffer, float* out) const {
        const Shape& to = shape(step.node);
        const std::size_t pixels = to.size() / static_cast<std::size_t>(to.channels);
        std::size_t first = 0;
        for (const int input : step.inputs) {
            const auto channels = static_cast<std::size_t>(shape(input).channels);
            const float* from = buffer(input);
            for (std::size_t p = 0; p < pixels; ++p) {
                std::copy_n(from + p * channels, channels,
                            out + p * static_cast<std::size_t>(to.channels) + first);
            }
            first += channels;
        }
    }

    std::size_t nodes_;
    std::vector<int> outputs_;
    std::vector<Shape> shapes_;
    std::vector<int> buffer_of_;  ///< Node whose place this node's output shares; itself when it has its own.
    std::vector<Step> steps_;
    std::size_t scratch_bytes_ = 0;
    Plan plan_;
    std::shared_ptr<const void> storage_;  ///< Of packed weights, which the steps point to.
};

std::unique_ptr<OneDnnNetwork> compile_onednn(const Graph& graph, int batch, int height_px, int width_px) {
    validate(graph);
    if (batch <= 0 || height_px <= 0 || width_px <= 0) {
        throw Error(ErrorCode::model_shape_mismatch, "a network's input has no pixels");
    }
    const OneThread one_thread;
    try {
        return std::make_unique<OneDnnNetwork>(graph,
                                               Shape{batch, height_px, width_px, graph.nodes[0].channels});
    } catch (const dnnl::error& error) {
        throw Error(ErrorCode::model_shape_mismatch,
                    std::string("oneDNN cannot run the network: ") + error.what());
    }
}

}  // namespace

std::unique_ptr<Network> compile(const Graph& graph, int batch, int height_px, int width_px) {
    return compile_onednn(graph, batch, height_px, width_px);
}

Graph pack(const Graph& graph, int batch, int height_px, int width_px) {
    const std::shared_ptr<const OneDnnNetwork> network = compile_onednn(graph, batch, height_px, width_px);
    Graph packed = graph;
    network->pack_into(packed);
    packed.storage = network;
    return packed;
}

std::string packing_name() {
    const dnnl_version_t* version = dnnl::version();
    return "onednn-" + std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
           std::to_string(version->patch) + "-" +
           std::to_string(static_cast<int>(dnnl::get_effective_cpu_isa()));
}

}  // namespace findme::face
