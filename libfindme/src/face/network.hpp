#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "face/graph.hpp"

namespace findme::face {

/// A tensor's sizes; elements are float32, laid out B, H, W, C with C running fastest.
struct Shape {
    int batch = 1;
    int height = 0;
    int width = 0;
    int channels = 0;
    [[nodiscard]] std::size_t size() const {
        return static_cast<std::size_t>(batch) * static_cast<std::size_t>(height) *
               static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
    }
};

/// Memory that one run needs; reused from run to run, one thread at a time.
class Workspace {
  public:
    Workspace();
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;
    ~Workspace();

    /// 64-byte aligned, at least `bytes` long, contents undefined; stays until the next call.
    [[nodiscard]] std::span<std::byte> at_least(std::size_t bytes);

  private:
    std::byte* data_ = nullptr;
    std::size_t size_bytes_ = 0;
};

/// A graph compiled for one input size, ready to run. Runs on the calling thread alone.
class Network {
  public:
    virtual ~Network() = default;

    [[nodiscard]] virtual Shape input_shape() const = 0;
    [[nodiscard]] virtual Shape output_shape(std::size_t index) const = 0;

    /// @param    input      input_shape().size() floats.
    /// @param    outputs    one buffer of output_shape(i).size() floats for each output of the graph.
    /// @errors   throws Error{model_shape_mismatch} when a buffer has another size.
    /// @threads  const and safe to call concurrently, each thread with its own workspace.
    virtual void run(std::span<const float> input, std::span<const std::span<float>> outputs,
                     Workspace& workspace) const = 0;
};

/// Compiles on oneDNN, f32.
/// @errors throws Error{model_shape_mismatch} when the graph is not valid, does not fit the input size, or
/// has weights
///         that were packed for another machine or size.
[[nodiscard]] std::unique_ptr<Network> compile(const Graph& graph, int batch, int height_px, int width_px);

/// The same graph with its weights packed as compile() wants them for this input size on this machine: from
/// packed weights it compiles without a copy of them.
/// @errors as compile().
[[nodiscard]] Graph pack(const Graph& graph, int batch, int height_px, int width_px);

/// What packed weights depend on besides the graph: oneDNN's version and the instructions it uses here, as in
/// `onednn-2.6.0-39`.
[[nodiscard]] std::string packing_name();

/// One graph compiled for the sizes in use lately. Thread-safe.
class NetworkCache {
  public:
    /// @param capacity  networks kept; the one not used for longest goes first.
    NetworkCache(Graph graph, std::size_t capacity);
    ~NetworkCache();
    [[nodiscard]] std::shared_ptr<const Network> get(int batch, int height_px, int width_px);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace findme::face
