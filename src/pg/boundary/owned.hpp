// C++ objects that live across server calls: heap objects that a memory context owns and destroys with
// itself.
#pragma once

#include "pg/boundary/server.hpp"

namespace segmentation::pg {

/// The place of an object in a memory context. The object is created on the C++ side (set), and destroyed
/// when the context is reset or deleted, after an error too.
template <typename T> class Owned {
public:
  /// Returns an empty place in the current memory context. May raise out of memory; nothing is owned yet
  /// then.
  static Owned *make() {
    static_assert(std::is_nothrow_destructible_v<T>);
    auto *owned = static_cast<Owned *>(palloc0(sizeof(Owned)));
    owned->callback_.func = [](void *argument) { static_cast<Owned *>(argument)->clear(); };
    owned->callback_.arg = owned;
    MemoryContextRegisterResetCallback(CurrentMemoryContext, &owned->callback_);
    return owned;
  }

  /// Takes an object created by new; destroys the one before.
  void set(T *object) noexcept {
    clear();
    object_ = object;
  }
  void clear() noexcept {
    T *object = object_;
    object_ = nullptr;
    delete object;
  }
  T *get() const noexcept { return object_; }
  T *operator->() const noexcept { return object_; }
  T &operator*() const noexcept { return *object_; }

private:
  MemoryContextCallback callback_;
  T *object_;
};

} // namespace segmentation::pg
