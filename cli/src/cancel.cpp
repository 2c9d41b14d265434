#include "cancel.hpp"

#include <pthread.h>
#include <unistd.h>

#include <csignal>

namespace findme::cli {
namespace {

/// SIGUSR1 only wakes the signal thread when the guard goes.
sigset_t guarded_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGUSR1);
    return set;
}

}  // namespace

SignalGuard::SignalGuard(std::function<void()> on_first) : on_first_(std::move(on_first)) {
    // Blocked here, and so in every thread made from now on.
    const sigset_t set = guarded_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    thread_ = std::thread([this] { wait_for_signals(); });
}

SignalGuard::~SignalGuard() {
    done_ = true;
    pthread_kill(thread_.native_handle(), SIGUSR1);
    thread_.join();
    const sigset_t set = guarded_signals();
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void SignalGuard::wait_for_signals() {
    const sigset_t set = guarded_signals();
    for (;;) {
        int signal = 0;
        if (sigwait(&set, &signal) != 0 || done_) return;
        if (signal == SIGUSR1) continue;
        if (signal_ != 0) die_by(signal);
        signal_ = signal;
        on_first_();
        stop_.request_stop();
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
