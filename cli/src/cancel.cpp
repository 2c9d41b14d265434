#include "cancel.hpp"

#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "write_now.hpp"

namespace findme::cli {
namespace {

/// The thread of the guard. Libraries start threads of their own as they are loaded (OpenBLAS does), before
/// anything could be blocked for them, and the kernel gives a signal to whichever thread takes it.
std::atomic<pthread_t> signal_thread;
static_assert(std::atomic<pthread_t>::is_always_lock_free);

extern "C" void pass_on(int signal) {
    const int error = errno;
    pthread_kill(signal_thread, signal);
    errno = error;
}

}  // namespace

SignalGuard::SignalGuard(std::string message, std::stop_source stop)
    : message_(std::move(message)), stop_(std::move(stop)) {
    sigemptyset(&taken_);
    sigaddset(&taken_, SIGUSR1);  // Only wakes the signal thread when the guard goes.
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        // A shell starts its background jobs with SIGINT ignored, nohup with SIGHUP: they are not meant.
        struct sigaction action {};
        if (sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) continue;
        sigaddset(&taken_, signal);
    }
    // Blocked here, and so in every thread made from now on.
    pthread_sigmask(SIG_BLOCK, &taken_, &before_);
    thread_ = std::thread([this] { wait_for_signals(); });
    signal_thread = thread_.native_handle();
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        if (sigismember(&taken_, signal) != 1) continue;
        struct sigaction action {};
        action.sa_handler = pass_on;
        action.sa_flags = SA_RESTART;
        struct sigaction former {};
        if (sigaction(signal, &action, &former) == 0) actions_.emplace_back(signal, former);
    }
}

SignalGuard::~SignalGuard() {
    for (const auto& [signal, former] : actions_) sigaction(signal, &former, nullptr);
    done_ = true;
    pthread_kill(thread_.native_handle(), SIGUSR1);
    thread_.join();
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void SignalGuard::wait_for_signals() {
    // Whoever read our messages may have gone by the same Ctrl-C: that must not end the stop half way.
    sigset_t broken_pipe;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    for (;;) {
        int signal = 0;
        if (sigwait(&taken_, &signal) != 0 || done_) return;
        if (signal == SIGUSR1) continue;
        if (signal_ != 0) die_by(signal);
        signal_ = signal;
        stop_.request_stop();
        write_now(STDERR_FILENO, message_);
    }
}

void die_by(int signal) {
    std::signal(signal, SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    kill(getpid(), signal);
    for (;;) pause();
}

}  // namespace findme::cli
