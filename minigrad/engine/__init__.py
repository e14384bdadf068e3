"""The engine: Tensors, the graph, reverse-mode differentiation. It knows arrays and no op."""
