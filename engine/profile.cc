#include "engine/profile.h"

#include <chrono>
#include <utility>

namespace ctr {
namespace {

thread_local Profile* current_profile = nullptr;
thread_local bool measuring = false;

}  // namespace

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Profile::Profile() : previous_(std::exchange(current_profile, this)) { restart(); }
Profile::~Profile() { current_profile = previous_; }
Profile* Profile::current() { return current_profile; }

void Profile::restart() {
  begin_ = seconds_now();
  flop_ = product_seconds_ = bytes_ = 0;
}

void Profile::lap(std::string_view name, int64_t bytes) {
  const double end = seconds_now();
  Entry* entry = nullptr;
  for (Entry& known : entries_) {
    if (known.name == name) entry = &known;
  }
  if (entry == nullptr) {
    entry = &entries_.emplace_back();
    entry->name = name;
  }
  ++entry->calls;
  entry->seconds += end - begin_;
  entry->flop += flop_;
  entry->bytes += bytes_ + static_cast<double>(bytes);
  entry->product_seconds += product_seconds_;
  restart();
}

void Profile::product(const Product& product, double seconds) {
  products_.push_back(product);
  flop_ += product.flop();
  product_seconds_ += seconds;
}

double Profile::flop() const {
  double sum = 0;
  for (const Product& product : products_) sum += product.flop();
  return sum;
}

MeasuredProduct::MeasuredProduct(const Product& product)
    : product_(product), outer_(Profile::current() != nullptr && !measuring) {
  if (!outer_) return;
  measuring = true;
  begin_ = seconds_now();
}

MeasuredProduct::~MeasuredProduct() {
  if (!outer_) return;
  measuring = false;
  if (Profile* profile = Profile::current()) profile->product(product_, seconds_now() - begin_);
}

}  // namespace ctr
