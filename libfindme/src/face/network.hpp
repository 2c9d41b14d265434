#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "face/graph.hpp"
#include "face/precision.hpp"
#include "face/shape.hpp"
#include "face/workspace.hpp"

namespace findme::face {

/// A graph compiled for one input size, ready to run. Runs on the calling thread alone.
class Network {
  public:
    virtual ~Network() = default;

    [[nodiscard]] virtual Shape input_shape() const = 0;
    [[nodiscard]] virtual Shape output_shape(std::size_t index) const = 0;

    /// Puts a piece of the next run's input into the workspace, where it is kept in the network's precision:
    /// a whole picture in float32 need never exist.
    /// @param    first      where the piece begins, in values of input_shape().
    /// @param    values     finite ones.
    /// @errors   throws Error{model_shape_mismatch} for what does not fit into input_shape().
    /// @threads  const and safe to call concurrently, each thread with its own workspace.
    virtual void write_input(std::size_t first, std::span<const float> values,
                             Workspace& workspace) const = 0;

    /// Runs on what write_input() has put into this workspace since it was used for anything else; what was
    /// left out is undefined. Uses the input up.
    /// @param    outputs    one buffer of output_shape(i).size() floats for each output of the graph.
    /// @errors   throws Error{model_shape_mismatch} when a buffer has another size.
    /// @threads  const and safe to call concurrently, each thread with its own workspace.
    virtual void run(std::span<const std::span<float>> outputs, Workspace& workspace) const = 0;
};

/// Compiles on oneDNN. Inputs and outputs are float32 at any precision.
/// @errors throws Error{model_shape_mismatch} when the graph is not valid, does not fit the input size, or
/// has weights that were packed for another machine, size or precision.
[[nodiscard]] std::unique_ptr<Network> compile(const Graph& graph, int batch, int height_px, int width_px,
                                               Precision precision);

/// The same graph with its weights packed as compile() wants them for this input size on this machine: from
/// packed weights it compiles without a copy of them.
/// @errors as compile().
[[nodiscard]] Graph pack(const Graph& graph, int batch, int height_px, int width_px, Precision precision);

/// What packed weights depend on besides the graph: oneDNN's version, the instructions it uses here and the
/// precision, as in `onednn-2.6.0-avx512_core_bf16-f32`.
[[nodiscard]] std::string packing_name(Precision precision);

/// One graph compiled for the sizes in use lately. Thread-safe.
class NetworkCache {
  public:
    /// @param capacity  networks kept; the one not used for longest goes first.
    NetworkCache(Graph graph, std::size_t capacity, Precision precision);
    NetworkCache(NetworkCache&&) noexcept;
    NetworkCache& operator=(NetworkCache&&) = delete;
    ~NetworkCache();
    [[nodiscard]] std::shared_ptr<const Network> get(int batch, int height_px, int width_px) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace findme::face
