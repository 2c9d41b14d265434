#include "time_limit.hpp"

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <utility>

namespace findme::cli {

TimeLimit::TimeLimit(std::chrono::seconds limit, std::function<bool()> ask, std::function<void()> end)
    : limit_(limit), ask_(std::move(ask)), end_(std::move(end)) {
    has_terminal_ = tcgetattr(STDIN_FILENO, &terminal_) == 0;
    // A signal is for the threads of the run, or for the one that waits for it.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    thread_ = std::thread([this] { watch(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TimeLimit::~TimeLimit() {
    {
        const std::lock_guard lock(mutex_);
        done_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void TimeLimit::watch() {
    if (!wait_for(limit_)) return;
    has_passed_ = true;
    if (ask_() && !wait_for(kGrace)) return;
    restore_terminal();
    end_();
}

bool TimeLimit::wait_for(std::chrono::seconds time) {
    std::unique_lock lock(mutex_);
    return !changed_.wait_for(lock, time, [this] { return done_; });
}

/// A prompt for a password had switched its echo off. From the background the terminal is somebody else's by
/// now, and as they have set it.
void TimeLimit::restore_terminal() const {
    if (has_terminal_ && tcgetpgrp(STDIN_FILENO) == getpgrp()) tcsetattr(STDIN_FILENO, TCSANOW, &terminal_);
}

}  // namespace findme::cli
