"""DaTaSeg: one network for semantic, panoptic and box-supervised instance segmentation.

Folders in the order of imports: each imports only those above it.

    network/      the network (section 3.1): backbone, pixel decoder, decoder, heads
    objective/    what training minimises (sections 3.2 to 3.4): targets, MERGE, matching, losses
    text/         vocabularies, prompts and text embeddings: the classifier of every class
    runtime/      checkpoints, devices and the processes that work together
    data/         one image with its ground truth: read, augmented, drawn and batched
    datasets/     every data set on disk, the catalogue of them and one's own
    inference/    predictions for images: postprocessing, result files, pictures and export
    evaluation/   scores of a model on data sets, and its model card
    training/     one training run: configuration, mixture, loop, validation, log and saved state
    experiments/  the paper's tables: what to train, and the numbers side by side
    demo/         the demo page in the browser
    commands/     the commands of `dataseg`, one file a group
"""
