"""What ``make`` does around ``sam`` for a deployment. Nothing of it is deployed."""
