#include "face/network_engine.hpp"

#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/hash.hpp"
#include "face/buffer_plan.hpp"
#include "face/tensor_steps.hpp"
#include "findme/error.hpp"

namespace findme::face {
namespace {

using dnnl::memory;

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

memory::data_type data_type(Precision precision) {
    return precision == Precision::bf16 ? memory::data_type::bf16 : memory::data_type::f32;
}

std::size_t element_bytes(Precision precision) {
    return precision == Precision::bf16 ? sizeof(BFloat16) : sizeof(float);
}

/// One step of a run: a oneDNN primitive, or one of the operations that oneDNN has no fitting form for.
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
    const bool aligned_well = reinterpret_cast<std::uintptr_t>(packed.bytes.data()) % kBufferAlignment == 0;
    if (packed.layout != layout_of(wanted) || packed.bytes.size() != wanted.get_size() || !aligned_well) {
        throw Error(ErrorCode::model_shape_mismatch, "weights were packed for another machine");
    }
    return {wanted, cpu(), const_cast<std::byte*>(packed.bytes.data())};
}

class OneDnnNetwork final : public Network {
  public:
    OneDnnNetwork(const Graph& graph, Shape input, Precision precision)
        : nodes_(graph.nodes.size()),
          outputs_(graph.outputs),
          precision_(precision),
          precisions_(graph.nodes.size(), precision),
          storage_(graph.storage) {
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
        // What a convolution gives away it may as well give in full.
        for (const int output : outputs_) {
            const auto op = graph.nodes[static_cast<std::size_t>(output)].op;
            if (op == Graph::Op::convolution && !has_reader(graph, output))
                precisions_[static_cast<std::size_t>(output)] = Precision::f32;
        }
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

    void write_input(std::size_t first, std::span<const float> values, Workspace& workspace) const override {
        const std::size_t size = shapes_.front().size();
        if (first > size || values.size() > size - first) refuse_buffer();
        const Arena arena{*this, workspace.at_least(arena_bytes_).data()};
        const auto write = [&](auto* to) {
            for (const float value : values) store(*to++, value);
        };
        if (precision_ == Precision::f32)
            write(arena.at<float>(0) + first);
        else
            write(arena.at<BFloat16>(0) + first);
    }

    void run(std::span<const std::span<float>> outputs, Workspace& workspace) const override {
        bool fits = outputs.size() == outputs_.size();
        for (std::size_t i = 0; fits && i < outputs.size(); ++i)
            fits = outputs[i].size() == output_shape(i).size();
        if (!fits) refuse_buffer();
        const OneThread one_thread;
        try {
            execute(outputs, workspace);
        } catch (const dnnl::error& error) {
            throw Error(ErrorCode::internal, std::string("oneDNN failed: ") + error.what());
        }
    }

  private:
    void execute(std::span<const std::span<float>> outputs, Workspace& workspace) const {
        const Arena arena{*this, workspace.at_least(arena_bytes_).data()};
        dnnl::stream stream(cpu());
        for (const auto& step : steps_) run_step(step, arena, stream);
        stream.wait();
        for (std::size_t i = 0; i < outputs.size(); ++i) {
            if (precision_of(outputs_[i]) == Precision::f32) {
                std::copy_n(arena.at<float>(outputs_[i]), outputs[i].size(), outputs[i].begin());
            } else {
                const auto* from = arena.at<BFloat16>(outputs_[i]);
                std::transform(from, from + outputs[i].size(), outputs[i].begin(),
                               [](BFloat16 value) { return to_float(value); });
            }
        }
    }

    /// One run's memory, by node.
    struct Arena {
        const OneDnnNetwork& network;
        std::byte* data;

        template <typename Element>
        [[nodiscard]] Element* at(int node) const {
            const auto root = static_cast<std::size_t>(network.buffer_of_[static_cast<std::size_t>(node)]);
            return reinterpret_cast<Element*>(data + network.offset_bytes_[root]);
        }
        [[nodiscard]] std::byte* scratch() const { return data + network.scratch_offset_bytes_; }
    };

    [[nodiscard]] Precision precision_of(int node) const {
        return precisions_[static_cast<std::size_t>(node)];
    }

    [[nodiscard]] memory::desc activation(int node) const {
        return {dims_of(shape(node)), data_type(precision_of(node)), memory::format_tag::nhwc};
    }

    [[nodiscard]] const Shape& shape(int node) const { return shapes_[static_cast<std::size_t>(node)]; }

    [[noreturn]] static void refuse_buffer() {
        throw Error(ErrorCode::model_shape_mismatch,
                    "a buffer does not have the network's input or output shape");
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
            case Graph::Op::prelu:
                build_prelu(graph, step, node);
                break;
            case Graph::Op::add:
                if (fuse_addition(graph, node, index)) return;
                break;
            case Graph::Op::concat:
            case Graph::Op::enlarge:
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
            source.inputs[0] == other || is_wanted_from(graph, convolution, index + 1) ||
            is_wanted_from(graph, other, index + 1) || precision_of(other) != precision_of(index)) {
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
        const auto any = memory::desc(weight_dims, data_type(precision_), memory::format_tag::any);
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
            dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
            activation(node.inputs[0]), any, bias, activation(step.node), stride, dilation, padding, padding);
        const dnnl::convolution_forward::primitive_desc chosen(description, attributes, cpu());
        scratch_bytes_ = std::max(scratch_bytes_, chosen.scratchpad_desc().get_size());
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
                                                      activation(node.inputs[0]), activation(step.node),
                                                      stride, kernel, padding, padding);
        const dnnl::pooling_forward::primitive_desc chosen(description, attributes, cpu());
        scratch_bytes_ = std::max(scratch_bytes_, chosen.scratchpad_desc().get_size());
        step.scratchpad = chosen.scratchpad_desc();
        step.primitive = dnnl::pooling_forward(chosen);
    }

    /// A step of its own: oneDNN compiles this one, while a convolution that ends in it runs reference code.
    /// In place, where nobody else reads what comes in.
    void build_prelu(const Graph& graph, Step& step, const Graph::Node& node) {
        const int from = node.inputs[0];
        const auto slopes =
            memory::desc({1, node.channels, 1, 1}, memory::data_type::f32, memory::format_tag::nhwc);
        dnnl::primitive_attr attributes;
        attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
        const dnnl::prelu_forward::primitive_desc chosen(
            {dnnl::prop_kind::forward_inference, activation(from), slopes}, attributes, cpu());
        scratch_bytes_ = std::max(scratch_bytes_, chosen.scratchpad_desc().get_size());
        step.scratchpad = chosen.scratchpad_desc();
        step.weights = memory(slopes, cpu());
        std::copy(node.slopes.begin(), node.slopes.end(),
                  static_cast<float*>(step.weights.get_data_handle()));
        step.primitive = dnnl::prelu_forward(chosen);
        if (from != 0 && !is_wanted_from(graph, from, step.node + 1) &&
            precision_of(from) == precision_of(step.node))
            buffer_of_[static_cast<std::size_t>(step.node)] = buffer_of_[static_cast<std::size_t>(from)];
    }

    void make_plan(const Graph& graph) {
        const auto root = [&](int node) { return buffer_of_[static_cast<std::size_t>(node)]; };
        std::vector<std::size_t> last_use(nodes_, 0);
        for (std::size_t s = 0; s < steps_.size(); ++s) {
            last_use[static_cast<std::size_t>(root(steps_[s].node))] = s + 1;
            for (const int input : steps_[s].inputs) last_use[static_cast<std::size_t>(root(input))] = s + 1;
        }
        for (const int output : graph.outputs)
            last_use[static_cast<std::size_t>(root(output))] = steps_.size() + 1;

        std::vector<int> owners{0};
        std::vector<BufferLife> lives{{bytes_of(0), 0, last_use[0]}};
        for (std::size_t s = 0; s < steps_.size(); ++s) {
            const int node = steps_[s].node;
            if (root(node) != node) continue;
            owners.push_back(node);
            lives.push_back({bytes_of(node), s + 1, last_use[static_cast<std::size_t>(node)]});
        }
        const BufferPlan plan = plan_buffers(lives);
        offset_bytes_.assign(nodes_, 0);
        for (std::size_t i = 0; i < owners.size(); ++i)
            offset_bytes_[static_cast<std::size_t>(owners[i])] = plan.offset_bytes[i];
        scratch_offset_bytes_ = plan.total_bytes;
        arena_bytes_ = plan.total_bytes + whole_lines(scratch_bytes_);
    }

    [[nodiscard]] std::size_t bytes_of(int node) const {
        return shape(node).size() * element_bytes(precision_of(node));
    }

    void run_step(const Step& step, const Arena& arena, dnnl::stream& stream) const {
        if (!step.primitive) {
            if (precision_ == Precision::f32) return run_by_hand<float>(step, arena);
            return run_by_hand<BFloat16>(step, arena);
        }
        const int from = step.inputs[0];
        std::unordered_map<int, memory> arguments{
            {DNNL_ARG_SRC, memory(activation(from), cpu(), arena.at<std::byte>(from))},
            {DNNL_ARG_DST, memory(activation(step.node), cpu(), arena.at<std::byte>(step.node))},
            {DNNL_ARG_SCRATCHPAD, memory(step.scratchpad, cpu(), arena.scratch())}};
        if (step.weights) arguments.emplace(DNNL_ARG_WEIGHTS, step.weights);
        if (step.bias) arguments.emplace(DNNL_ARG_BIAS, step.bias);
        step.primitive->execute(stream, arguments);
    }

    template <typename Element>
    void run_by_hand(const Step& step, const Arena& arena) const {
        std::vector<TensorView<Element>> parts;
        for (const int input : step.inputs) parts.push_back({arena.at<Element>(input), shape(input)});
        auto* out = arena.at<Element>(step.node);
        if (step.op == Graph::Op::add) {
            add_tensors(parts[0], parts[1], step.relu, out, shape(step.node));
        } else if (step.op == Graph::Op::enlarge) {
            enlarge_tensor(parts[0], out);
        } else {
            concat_tensors(parts, out, shape(step.node));
        }
    }

    std::size_t nodes_;
    std::vector<int> outputs_;
    Precision precision_;
    std::vector<Precision> precisions_;  ///< Of each node's output.
    std::vector<Shape> shapes_;
    std::vector<int> buffer_of_;  ///< Node whose place this node's output shares; itself when it has its own.
    std::vector<Step> steps_;
    std::vector<std::size_t> offset_bytes_;  ///< Of each buffer's place in the arena.
    std::size_t scratch_bytes_ = 0;
    std::size_t scratch_offset_bytes_ = 0;
    std::size_t arena_bytes_ = 0;
    std::shared_ptr<const void> storage_;  ///< Of packed weights, which the steps point to.
};

std::unique_ptr<OneDnnNetwork> compile_onednn(const Graph& graph, int batch, int height_px, int width_px,
                                              Precision precision) {
    validate(graph);
    if (batch <= 0 || height_px <= 0 || width_px <= 0) {
        throw Error(ErrorCode::model_shape_mismatch, "a network's input has no pixels");
    }
    const OneThread one_thread;
    try {
        return std::make_unique<OneDnnNetwork>(
            graph, Shape{batch, height_px, width_px, graph.nodes[0].channels}, precision);
    } catch (const dnnl::error& error) {
        throw Error(ErrorCode::model_shape_mismatch,
                    std::string("oneDNN cannot run the network: ") + error.what());
    }
}

std::unique_ptr<Network> compile_network(const Graph& graph, int batch, int height_px, int width_px,
                                         Precision precision) {
    return compile_onednn(graph, batch, height_px, width_px, precision);
}

Graph pack_graph(const Graph& graph, int batch, int height_px, int width_px, Precision precision) {
    const std::shared_ptr<const OneDnnNetwork> network =
        compile_onednn(graph, batch, height_px, width_px, precision);
    Graph packed = graph;
    network->pack_into(packed);
    packed.storage = network;
    return packed;
}

std::string_view effective_instruction_set() {
    switch (dnnl::get_effective_cpu_isa()) {
        case dnnl::cpu_isa::sse41:
            return "sse41";
        case dnnl::cpu_isa::avx:
            return "avx";
        case dnnl::cpu_isa::avx2:
            return "avx2";
        case dnnl::cpu_isa::avx2_vnni:
            return "avx2_vnni";
        case dnnl::cpu_isa::avx512_core:
            return "avx512_core";
        case dnnl::cpu_isa::avx512_core_vnni:
            return "avx512_core_vnni";
        case dnnl::cpu_isa::avx512_core_bf16:
            return "avx512_core_bf16";
        case dnnl::cpu_isa::avx512_core_amx:
            return "avx512_core_amx";
        default:
            return "portable";
    }
}

std::string name_of_packing(Precision precision) {
    const dnnl_version_t* version = dnnl::version();
    return "onednn-" + std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
           std::to_string(version->patch) + "-" + std::string(effective_instruction_set()) + "-" +
           (precision == Precision::bf16 ? "bf16" : "f32");
}

}  // namespace
}  // namespace findme::face

extern "C" {
[[gnu::visibility("default")]] extern const findme::face::NetworkEngine findme_networks_part;
const findme::face::NetworkEngine findme_networks_part{{FINDME_VERSION},
                                                       findme::face::compile_network,
                                                       findme::face::pack_graph,
                                                       findme::face::name_of_packing,
                                                       findme::face::effective_instruction_set};
}
