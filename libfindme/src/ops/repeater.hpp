#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

namespace findme::ops {

/// Does a piece of work again and again on a thread of its own, until it goes.
class Repeater {
  public:
    /// Must not throw, and owns what it works on: where it hangs (a server that accepts and says nothing), it
    /// is left behind and ends with the process. @return how long to wait until the next time.
    using Work = std::function<std::chrono::milliseconds()>;

    explicit Repeater(Work work);
    Repeater(const Repeater&) = delete;
    Repeater& operator=(const Repeater&) = delete;
    /// Waits for the work at hand, a second at most.
    ~Repeater();

  private:
    struct State;
    static void run(const std::shared_ptr<State>& state, const Work& work);

    std::shared_ptr<State> state_;
    std::thread thread_;
};

}  // namespace findme::ops
